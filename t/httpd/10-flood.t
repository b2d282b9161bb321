# SPDX-License-Identifier: Apache-2.0
# A flood from one address is refused, its neighbour and a browser are not.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $flood = client('192.0.2.10');
expect_block('192.0.2.10');
is_deeply [$flood->burst(9)], [(200) x 9],
    'nobody is refused before the minimum number of requests';
is_deeply [$flood->burst(20)], [(429) x 20],
    'from the minimum number of requests on, a flood is refused';
is client('192.0.2.11')->get('/')->code, 200, 'its neighbour is not';
is $flood->head('/')->code, 429, 'HEAD is refused as well';
is $flood->post('/')->code, 429, 'POST is refused as well';
is $flood->get('/nowhere')->code, 429, 'whatever it asks for';
is client('192.0.2.10')->get('/')->code, 429, 'over a new connection too';
is client('192.0.2.10', host => 'shipped.test')->get('/')->code, 429,
    'and in every virtual host that enforces';
is client('192.0.2.10', host => 'off.test')->get('/')->code, 200,
    'but not where the gate is off';
is client('192.0.2.10')->get('/ungated/page.html')->code, 429,
    'a directory with the gate off does not free a client that is blocked';

my ($line) = grep { /MLG0008/ } log_lines;
like $line, qr/192\.0\.2\.10\b.*\b1\.0+\b.*request_rate/,
    'the line in the log names the address, the score and the feature';
like $line, qr/\b(?:3600 ?s|1 ?h|60 ?min)/, 'and how long the block lasts';

expect_block('192.0.2.12');
is each_of(client('192.0.2.12')->burst(2, '/sudden/page.html')), '200',
    'a section has a minimum of its own';
is each_of(client('192.0.2.12')->burst(6, '/sudden/page.html')), '200 429',
    'and refuses sooner than its surroundings';

is each_of(client('192.0.2.13')->burst(60, '/ungated/page.html')), '200',
    'where the gate is off, a flood is nobody\'s business';

# The weights as shipped.
my $ab = client('192.0.2.14', host => 'shipped.test', headers => {
    'User-Agent' => 'ApacheBench/2.3', Accept => '*/*',
    'Accept-Language' => undef, 'Accept-Encoding' => undef });
expect_block('192.0.2.14');
my @codes = $ab->burst(60);
is each_of(@codes[0 .. 8]), '200', 'as shipped: the first 9 requests pass';
is each_of(@codes[29 .. 59]), '429',
    'as shipped: a flood is refused within 30 requests';

my $browser = client('192.0.2.15', host => 'shipped.test', headers => {
    Cookie => 'session=0123456789abcdef' });
my @seen;
for my $visit (1 .. 3) {
    push @seen, $browser->get('/')->code;
    for my $n (1 .. 20) {
        push @seen, $browser->get("$_?v=$n", headers => {
            Referer => 'http://shipped.test/' })->code
            for '/app.js', '/style.css', '/dot.gif';
    }
}
is each_of(@seen), '200', 'a browser\'s pages with 60 assets each are served';

done;
