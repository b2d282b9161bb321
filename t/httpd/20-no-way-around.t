# SPDX-License-Identifier: Apache-2.0
# Nothing in httpd answers a blocked client before the gate does.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

expect_block('192.0.2.80');
my $any = client('192.0.2.80');
my @codes = $any->burst(12, '/any/page.html');
is each_of(@codes[0 .. 8]), '200', 'Satisfy Any: nine requests pass';
is each_of(@codes[9 .. 11]), '429',
    'Satisfy Any does not let the conviction past, nor the block';

expect_block('192.0.2.81');
my $moved = client('192.0.2.81');
@codes = $moved->burst(30, '/old');
is each_of(@codes), '302 429', 'Redirect: a flood of redirects is a flood';
is $codes[8], 302, 'nine pass';
is $codes[11], 429, 'and Redirect does not answer a blocked client';

my $cached = client('192.0.2.82', host => 'cache.test');
$cached->get('/cached/page.html');
my $asker = 0;
my $hit = wait_until('the page is cached', 5, sub {
    my $answer = client('10.20.0.' . ++$asker, host => 'cache.test')
        ->get('/cached/page.html');
    return ($answer->header('X-Cache') // '') =~ /^HIT/ ? $answer : undef;
});
ok $hit, 'the page comes from the cache';
expect_block('192.0.2.84');
my $reader = client('192.0.2.84', host => 'cache.test');
@codes = $reader->burst(30, '/cached/page.html');
is each_of(@codes), '200 429', 'mod_cache: a flood of cache hits is a flood';
is $codes[8], 200, 'nine pass';
is $codes[11], 429, 'and the cache does not answer a blocked client';
is $reader->get('/')->code, 429, 'nothing does';

expect_block('192.0.2.87');
client('192.0.2.87')->burst(12);
for my $line ('OPTIONS * HTTP/1.1', 'TRACE / HTTP/1.1', 'GET / HTTP/1.0',
    'GET http://gate.test/ HTTP/1.1', 'GET //./../ HTTP/1.1',
    'GET /%2e%2e/ HTTP/1.1', 'BREW /pot HTTP/1.1', 'GET /old HTTP/1.1',
    'GET /mlgate/stats HTTP/1.1') {
    my $raw = client('192.0.2.87');
    is $raw->send("$line\r\nHost: gate.test\r\n"
        . "X-Forwarded-For: 192.0.2.87\r\n\r\n")->response->code, 429,
        "a blocked client is refused: $line";
}

is each_of(client('192.0.2.85')->burst(20, '/nowhere.html')), '404 429',
    'errors are counted as well';
expect_block('192.0.2.85');
my $bad = client('192.0.2.86');
is $bad->send("GET /\x01 HTTP/1.1\r\nHost: gate.test\r\n\r\n")
    ->response->code, 400, 'what cannot be read is refused by httpd';
is $bad->close->get('/')->code, 200, 'once is not enough to be blocked';

done;
