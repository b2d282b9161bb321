# SPDX-License-Identifier: Apache-2.0
# Allow-listed beats exempt beats blocked.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

for my $addr ('198.51.100.7', '203.0.113.70', '203.0.113.200') {
    my $allowed = client($addr, host => 'allow.test');
    is each_of($allowed->burst(40)), '200', "allow-listed $addr is not judged";
    is $allowed->get('/')->header('X-Verdict'), 'allow', 'and says so';
}
is client('2001:db8:a:7::1', host => 'allow.test')->get('/')
    ->header('X-Verdict'), 'allow', 'an IPv6 prefix is allow-listed';
is client('2001:db8:b::1', host => 'allow.test')->get('/')
    ->header('X-Verdict'), 'pass', 'its neighbour is not';
is client('203.0.113.199', host => 'allow.test')->get('/')
    ->header('X-Verdict'), 'pass', 'nor is the neighbour of an address';

expect_block('198.51.100.8');
client('198.51.100.8')->burst(20);
is client('198.51.100.8')->get('/')->code, 429, 'blocked in one virtual host';
my $answer = client('198.51.100.8', host => 'allow.test')->get('/');
is $answer->code, 200, 'allow-listed in another: the allow-list beats the block';
is $answer->header('X-Verdict'), 'allow', 'and says so';

expect_log(qr/MLG0010.*198\.51\.100\.9\b/, 1);
operator->post('/mlgate/block/198.51.100.9');
is client('198.51.100.9')->get('/')->code, 429, 'blocked by an operator';
is client('198.51.100.9', host => 'allow.test')->get('/')->code, 200,
    'the allow-list beats that as well';

my $before = stats;
my $monitor = client('192.0.2.60', host => 'exempt.test');
is each_of($monitor->burst(40, '/open.html')), '200',
    'exempt requests are not judged';
is stats->{counters}{exempt} - $before->{counters}{exempt}, 40,
    'but counted as exempt';
is $monitor->get('/open.html')->header('X-Verdict'), 'exempt', 'and say so';
is each_of($monitor->burst(9)), '200',
    'they are no evidence against the client';

expect_block('192.0.2.61');
my $blocked = client('192.0.2.61', host => 'exempt.test');
$blocked->burst(20);
is $blocked->get('/')->code, 429, 'a client is blocked';
is $blocked->get('/open.html')->code, 200, 'exempt beats the block';
is $blocked->get('/', headers => { 'X-Monitor' => 'yes' })->code, 200,
    'so does a second expression';
is $blocked->get('/', headers => { 'X-Monitor' => 'no' })->code, 429,
    'a false one does not';

is each_of(client('192.0.2.62', host => 'exempt.test')
    ->burst(40, '/pages/one.html')), '200', 'a section may exempt as well';

done;
