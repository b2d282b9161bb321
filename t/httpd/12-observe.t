# SPDX-License-Identifier: Apache-2.0
# Observing refuses nobody and says what enforcing would have done.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $before = stats;
my $flood = client('192.0.2.20', host => 'observe.test');
expect_log(qr/\[mlgate:notice\].*MLG0009.*192\.0\.2\.20\b/, 1);
my @answers = map { $flood->get('/') } 1 .. 30;
is each_of(map { $_->code } @answers), '200', 'observing refuses nobody';
is each_of(map { $_->header('X-Verdict') } @answers),
    'pass suspect would-refuse', 'it says what it would have done';
is $answers[9]->header('X-Verdict'), 'would-refuse',
    'from the request on that enforcing would have refused';
my $after = stats;
is $after->{counters}{would_refuse} - $before->{counters}{would_refuse}, 21,
    'and counts it';
is $after->{counters}{would_blocks} - $before->{counters}{would_blocks}, 1,
    'one client would have been blocked';
is $after->{counters}{refused}, $before->{counters}{refused},
    'nothing was refused';
is client('192.0.2.20')->get('/')->code, 200,
    'what was only observed is not held against the client elsewhere';

my $idle = stats;
is each_of(client('192.0.2.21', host => 'off.test')->burst(30)), '200',
    'off: nobody is refused';
is stats->{counters}{requests}, $idle->{counters}{requests},
    'off: nobody is counted';

done;
