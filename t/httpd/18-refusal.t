# SPDX-License-Identifier: Apache-2.0
# What a refused client gets.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

expect_block('192.0.2.70');
my $client = client('192.0.2.70');
$client->burst(12);

my $page = $client->get('/');
is $page->code, 429, 'a browser is refused';
like $page->header('Content-Type'), qr{^text/html}, 'with a page';
like $page->header('Retry-After'), qr/^3[56]\d\d$/,
    'that says when to come back, in seconds';
is $page->header('Cache-Control'), 'no-store', 'and that nobody may store it';
my ($id) = $page->content =~ /\b([0-9a-f]{16})\b/;
ok $id, 'it has a reference ID' or diag $page->content;

my $problem = $client->get('/', headers => { Accept => 'application/json' });
is $problem->code, 429, 'a program is refused';
is $problem->header('Content-Type'), 'application/problem+json',
    'with a problem document';
my $json = $problem->json;
is $json->{status}, 429, 'that holds the status';
like $json->{title}, qr/\w/, 'a title';
is $json->{reference}, $id, 'and the same reference ID';
like $json->{retry_after}, qr/^3[56]\d\d$/, 'and when to come back';
is $problem->header('Retry-After') =~ /^3[56]\d\d$/, 1, 'Retry-After';
is $problem->header('Cache-Control'), 'no-store', 'and no-store';
is $client->get('/', headers => { Accept => '*/*' })
    ->header('Content-Type'), 'application/problem+json',
    'whoever does not ask for HTML is a program';
is $client->get('/', headers => { Accept => undef })
    ->header('Content-Type'), 'application/problem+json',
    'also without any Accept';

my $head = $client->head('/');
is $head->code, 429, 'HEAD is refused';
is $head->content, '', 'without a body';
is $client->get('/')->code, 429, 'and the connection goes on';

is $client->post('/', body => 'x' x 1000)->code, 429, 'a form is refused';
is $client->get('/')->code, 429,
    'and its body is not taken for the next request';
my $body = $client->request('POST', '/', body => 'x' x 100_000);
is $body->code, 429, 'a request with a body is refused';
is client('192.0.2.70')->get('/')->code, 429, 'and the next one';

my $waits = client('192.0.2.70');
is $waits->send($waits->format('POST', '/', headers => {
    'Content-Length' => 1000, Expect => '100-continue' }))->response->code, 429,
    'who asks before it sends a body is refused at once';
eval { $waits->send('y' x 1000) };
is client('192.0.2.70')->get('/')->code, 429, 'and the server goes on';
my $chunked = $client->post('/', body => "5\r\nhello\r\n0\r\n\r\n",
    headers => { 'Transfer-Encoding' => 'chunked' });
is $chunked->code, 429, 'a chunked upload is refused';
is $client->get('/')->code, 429, 'and the next request is understood';

is $client->get('/teapot/page.html')->code, 429,
    'a section cannot change the status of a block found before it is known';
expect_block('192.0.2.71');
is((client('192.0.2.71')->burst(10, '/teapot/page.html'))[9], 503,
    'it does for what it convicts itself');

# The site's own words.
expect_block('192.0.2.72');
my $sorry = client('192.0.2.72', host => 'sorry.test');
my @first = map { $sorry->get('/') } 1 .. 10;
for my $answer ($first[9], $sorry->get('/'), $sorry->get('/pages/one.html')) {
    is $answer->code, 429, 'ErrorDocument: the status stays';
    like $answer->content, qr/sorry for you/, 'the site\'s page is served';
    like $answer->header('Retry-After'), qr/^3[56]\d\d$/,
        'Retry-After stays';
    is $answer->header('Cache-Control'), 'no-store', 'no-store stays';
    is $answer->header('Access-Control-Allow-Origin'), '*',
        'Header always is applied';
}
is $sorry->get('/sorry.html')->code, 429,
    'who asks for the document by name is refused';

done;
