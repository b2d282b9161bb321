# SPDX-License-Identifier: Apache-2.0
# The server starts, serves, and its log says what the gate is and no more.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $response = client('192.0.2.1')->get('/');
is $response->code, 200, 'a page is served';
like $response->content, qr/welcome/, 'and it is the page';
is client('192.0.2.1')->head('/')->code, 200, 'to HEAD as well';

done;
