# SPDX-License-Identifier: Apache-2.0
# Who a client is: what mod_remoteip says, an IPv4 address or an IPv6 /64.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

# One connection of the balancer carries many clients.
my $balancer = client(undef);
expect_block('192.0.2.30');
sub through { my ($for) = @_;
    $balancer->get('/', headers => { 'X-Forwarded-For' => $for })->code }
through('192.0.2.30') for 1 .. 20;
is through('192.0.2.30'), 429, 'mod_remoteip\'s client is the client';
is through('192.0.2.31'), 200, 'another one on the same connection is not';
is each_of(map { through("10.14.0.$_") } 1 .. 100), '200',
    'a hundred clients at once are not a flood';
is client(undef)->get('/')->code, 200, 'the balancer is not blocked';

# What a client writes into X-Forwarded-For itself stands further left.
expect_block('192.0.2.32');
is each_of(map { through("203.0.113.$_, 192.0.2.32") } 1 .. 9), '200',
    'a client that lies about itself ...';
is each_of(map { through("203.0.113.$_, 192.0.2.32") } 10 .. 30), '429',
    '... is known by what the balancer saw';
is client('203.0.113.1')->get('/')->code, 200,
    'and those it named are not blocked';

# A peer that is not trusted speaks for itself only.
expect_block('127.0.0.33');
my $liar = client(undef, from => '127.0.0.33');
my @codes = map { $liar->get('/', headers => {
    'X-Forwarded-For' => '192.0.2.34' })->code } 1 .. 20;
is each_of(@codes[0 .. 8]), '200', 'a peer without trust is a client';
is each_of(@codes[9 .. 19]), '429', 'and is blocked itself';
is each_of(map { $liar->get('/', headers => {
    'X-Forwarded-For' => "192.0.2.$_" })->code } 35 .. 50), '429',
    'whatever it writes into X-Forwarded-For';
is client('192.0.2.34')->get('/')->code, 200, 'its victim is not blocked';

# IPv4 in IPv6's clothes.
expect_block('192.0.2.51');
is each_of(client('::ffff:192.0.2.51')->burst(5),
    client('192.0.2.51')->burst(4)), '200', 'nine requests by two names';
is client('::ffff:192.0.2.51')->get('/')->code, 429,
    'a v4-mapped address is its IPv4 address';
is client('192.0.2.51')->get('/')->code, 429, 'by either name';

# A household owns a /64.
expect_log(qr/\[mlgate:notice\].*MLG0008.*2001:db8:1:1::/, 1);
@codes = map { through(sprintf '2001:db8:1:1:%x::%x', $_, $_ * 77) } 1 .. 20;
is each_of(@codes[0 .. 8]), '200', 'twenty addresses of one /64 ...';
is each_of(@codes[9 .. 19]), '429', '... are one client';
is through('2001:db8:1:1:ffff::1'), 429, 'also one that was never seen';
is through('2001:db8:1:2::1'), 200, 'the next /64 is another';

done;
