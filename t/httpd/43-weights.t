# SPDX-License-Identifier: Apache-2.0
# MLGateWeight of a virtual host is laid over the main server's, feature by
# feature.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $server = server(conf => <<'END');
MLGateEngine enforce
Include "%WORK%/by-rate.conf"
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName more.test
    MLGateWeight notfound_share 0 0.5 1
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName other.test
    MLGateWeight request_rate 0 0.5 0
    MLGateWeight notfound_share 0 0.5 1
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName calm.test
    MLGateWeight request_rate 0 0.5 0
</VirtualHost>
END
$server->{log}->expect(qr/MLG0004/);

expect_block('192.0.2.181', $server);
is each_of($server->client('192.0.2.181')->burst(30)), '200 429',
    'a virtual host inherits the weights of the main server';
is each_of($server->client('192.0.2.182', host => 'calm.test')->burst(30)),
    '200', 'one takes the one weight back: it may be flooded';

expect_block('192.0.2.183', $server);
is each_of($server->client('192.0.2.183', host => 'more.test')->burst(30)),
    '200 429', 'a weight more leaves the inherited one in force';
expect_block('192.0.2.184', $server);
is each_of($server->client('192.0.2.184', host => 'other.test')
    ->burst(30, '/missing')), '404 429', 'another one counts in its stead';
my ($line) = grep { /MLG0008.*192\.0\.2\.184/ } $server->{log}->lines;
like $line, qr/notfound_share/, 'as its reasons say';
is each_of($server->client('192.0.2.185', host => 'other.test')->burst(30)),
    '200', 'and alone';

done;
