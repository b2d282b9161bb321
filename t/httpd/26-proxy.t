# SPDX-License-Identifier: Apache-2.0
# What is proxied is judged, and otherwise left exactly as it is.
use strict;
use warnings;
use Digest::SHA qw(sha1_base64);
use MLGate::Test;
use MLGate::Backend;
use Test::More;

my $app = MLGate::Backend->start;
my $server = server(conf => <<"END");
MLGateEngine enforce
Include "%WORK%/by-rate.conf"
ProxyPass /mlgate !
ProxyPass / http://127.0.0.1:$app->{port}/ upgrade=websocket
END
$server->{log}->expect(qr/MLG0004/);

my $client = $server->client('192.0.2.180');
my $answer = $client->get('/a/b?c=d&e=%20%2f', headers => { Cookie => 'a=b' });
is $answer->code, 200, 'a request goes through';
is $answer->header('X-App'), 'yes', 'to the application';
my $seen = $answer->json;
is $seen->{target}, '/a/b?c=d&e=%20%2f', 'with its target unchanged';
is $seen->{headers}{cookie}, 'a=b', 'and its headers';
is join(' ', grep { /mlgate/i } keys %{ $seen->{headers} }), '',
    'and none of ours';

my $body = join '', map { chr($_ * 7 % 256) } 1 .. 300_000;
$seen = $client->post('/upload', body => $body)->json;
is $seen->{method}, 'POST', 'a body goes through';
is $seen->{length}, length $body, 'all of it';
is $seen->{sha1}, sha1_base64($body), 'unchanged';

my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
    unpack '(a9999)*', $body;
$seen = $client->post('/upload', body => "${chunks}0\r\n\r\n",
    headers => { 'Transfer-Encoding' => 'chunked' })->json;
is $seen->{length}, length $body, 'a chunked upload goes through';
is $seen->{sha1}, sha1_base64($body), 'unchanged as well';
is $client->head('/')->code, 200, 'HEAD goes through';
is $client->request('PROPFIND', '/dav', headers => { Depth => 1 })
    ->json->{method}, 'PROPFIND', 'so does any method';

my $slow = $client->send($client->format('POST', '/slow', headers => {
    'Content-Length' => 6, Expect => '100-continue' }));
$slow->send('abc')->send('def');
is $slow->response->json->{sha1}, sha1_base64('abcdef'),
    'a body that comes in pieces is put together';

# WebSocket
my $ws = $server->client('192.0.2.181');
my %upgrade = (Upgrade => 'websocket', Connection => 'Upgrade',
    'Sec-WebSocket-Version' => 13,
    'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==');
$answer = $ws->get('/socket', headers => \%upgrade);
is $answer->code, 101, 'an upgrade to WebSocket goes through';
is $answer->header('Sec-WebSocket-Accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    'the application answered it';
for my $word ('hello', 'x' x 100) {
    my $mask = 'mask';
    $ws->send(pack('CCa4', 0x81, 0x80 | length $word, $mask)
        . ($word ^ substr $mask x 40, 0, length $word));
    is $ws->_bytes(2 + length $word), pack('CC', 0x81, length $word) . $word,
        'a frame comes back';
}
$ws->send(pack 'CCa4', 0x88, 0x80, 'mask');
$ws->close;
ok wait_until('the upgrade is in the record', 10, sub {
    (record('192.0.2.181', $server)->{record}{requests} // 0) == 1
}), 'an upgrade counts as one request';

# Judged all the same.
expect_block('192.0.2.182', $server);
my $flood = $server->client('192.0.2.182');
my @codes = map { $flood->post('/form', body => "a=$_")->code } 1 .. 20;
is each_of(@codes[0 .. 8]), '200', 'of a flood of forms nine go through';
is each_of(@codes[9 .. 19]), '429', 'the rest is refused';
is $flood->get('/')->header('X-App'), undef, 'not by the application';
is $flood->get('/socket', headers => \%upgrade)->code, 429,
    'nor is a blocked client\'s upgrade';
is $server->client('192.0.2.183')->get('/')->code, 200, 'a neighbour passes';

done;
