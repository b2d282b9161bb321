# SPDX-License-Identifier: Apache-2.0
# Slow clients: the 408s that mod_reqtimeout gives are counted against them.
# This one has to wait.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $server = server(conf => <<'END');
MLGateEngine enforce
MLGateMinRequests 4
Include "%WORK%/by-408.conf"
RequestReadTimeout header=1 body=1
<Location /app>
    ProxyPass http://127.0.0.1:1/
</Location>
END
$server->{log}->expect(qr/MLG0004/);
$server->{log}->allow(qr/AH01382|AH01075|AH01102|AH01095|AH02429|proxy/);

# Apart in time: of several that end at the same instant in several processes
# one may find its client's stripe busy, and is then judged but not recorded.
sub send_slowly {
    my ($bytes, @clients) = @_;
    for my $client (@clients) {
        $client->send(ref $bytes ? $bytes->($client) : $bytes);
        select undef, undef, undef, 0.2;
    }
}

my $no_header = "GET / HTTP/1.1\r\nHost: gate.test\r\nX-Slow: ";

sub timeouts { stats($server)->{counters}{timeouts} }

# The body does not come: the request is known, and whose it is.
my $before = timeouts;
my @slow = map { $server->client('192.0.2.250') } 1 .. 3;
send_slowly(sub { $_[0]->format('POST', '/app/form',
    headers => { 'Content-Length' => 100 }) . 'abc' }, @slow);
is each_of(map { $_->response->code } @slow), '408', 'a slow body: 408';
ok wait_until('they are counted', 10, sub { timeouts() - $before == 3 }),
    'slow bodies are counted';
cmp_ok record('192.0.2.250', $server)->{features}{error_share}, '==', 1,
    'against the client';

# The header does not come: nobody knows but the connection's address.
$before = timeouts;
@slow = map { $server->client(undef, from => '127.0.0.25') } 1 .. 3;
send_slowly($no_header, @slow);
is each_of(map { $_->response->code } @slow), '408', 'a slow header: 408';
ok wait_until('they are counted', 10, sub { timeouts() - $before == 3 }),
    'slow headers are counted';
is record('127.0.0.25', $server)->{record}{requests}, 3,
    'against the connection\'s address';
expect_block('127.0.0.25', $server);
my $next = $server->client(undef, from => '127.0.0.25');
is each_of($next->burst(3)), '429', 'who does nothing else is blocked';

# A balancer's connections are many clients': no 408 is its own.
my $balancer = $server->client('192.0.2.251');
is $balancer->get('/')->code, 200, 'a balancer speaks for a client';
@slow = map { $server->client(undef) } 1 .. 5;
send_slowly($no_header, @slow);
is each_of(map { $_->response->code } @slow), '408',
    'its slow connections get their 408';
is $server->client('192.0.2.252')->get('/')->code, 200,
    'but it is not blocked for them';
is operator($server)->get('/mlgate/client/127.0.0.1')->code, 404,
    'nor are they counted against it';

# A browser's connection in reserve says nothing and is no request.
my $requests = stats($server)->{counters}{requests};
my $reserve = $server->client(undef, from => '127.0.0.26')->connect;
select undef, undef, undef, 3;
is stats($server)->{counters}{requests}, $requests,
    'a connection that is never used is no request';

done;
