# SPDX-License-Identifier: Apache-2.0
# What operators can ask, and what they cannot.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $operator = operator;
my $client = client('192.0.2.110');
expect_block('192.0.2.110');
$client->burst(12);
my ($id) = $client->get('/')->content =~ /([0-9a-f]{16})/;
client('192.0.2.111')->burst(3);

my $info = $operator->get('/mlgate/');
is $info->code, 200, 'GET /';
like $info->header('Content-Type'), qr{^application/json}, 'GET / is JSON';
is $info->json->{name}, 'mod_mlgate', 'GET / says what it is';
ok $info->json->{endpoints}, 'GET / says what else there is';
my $html = $operator->get('/mlgate/', headers => {
    Accept => 'text/html,application/xhtml+xml' });
is $html->code, 200, 'GET / for a browser';
like $html->header('Content-Type'), qr{^text/html}, 'GET / is HTML there';
like $html->content, qr/192\.0\.2\.110/, 'and lists who is blocked';

my $health = $operator->get('/mlgate/health');
is $health->code, 200, 'GET /health';
is $health->json->{status}, 'ok', 'the gate is well';

my $toothless = server(conf => <<'END');
Include "%WORK%/by-rate.conf"
MLGateWeight request_rate 0 1 0.5
END
$toothless->{log}->expect(qr/MLG0004/);
my $ill = operator($toothless)->get('/mlgate/health');
is $ill->code, 503, 'a model that can convict nobody is unwell';
like $ill->json->{reasons}[0], qr/no client can ever be blocked/, 'and says so';
$toothless->stop;

my $stats = $operator->get('/mlgate/stats')->json;
my $sum = 0;
$sum += $_->{requests} for @{ $stats->{score_histogram} };
is $sum, $stats->{counters}{judged}, 'GET /stats: every score is in the histogram';
my ($block) = grep { $_->{client} eq '192.0.2.110' } @{ $stats->{blocks} };
is $block->{kind}, 'block', 'GET /stats lists the blocked client';
is $block->{decision}, $id, 'with the reference that it was told';
is $block->{refused}, 3, 'and how often it was refused since';
ok scalar(grep { $_->{client} eq '192.0.2.110' } @{ $stats->{top_clients} }),
    'GET /stats lists the top clients';
is $stats->{table}{clients}, 65536, 'GET /stats: the size of the table';
cmp_ok $stats->{blocked}{block}, '>=', 1, 'GET /stats counts the blocked';

my $metrics = $operator->get('/mlgate/metrics', headers => { Accept => '*/*' });
is $metrics->code, 200, 'GET /metrics';
like $metrics->header('Content-Type'), qr{^text/plain; ?version=0\.0\.4},
    'GET /metrics is Prometheus text';
like $metrics->content, qr/^mlgate_requests_total \d+$/m, 'with the counters';
SKIP: {
    skip 'no promtool', 1 unless have('promtool');
    open my $pipe, '|-', "promtool check metrics > $ENV{MLGATE_WORK}/promtool 2>&1"
        or die "promtool: $!\n";
    print {$pipe} $metrics->content;
    close $pipe;
    open my $said, '<', "$ENV{MLGATE_WORK}/promtool" or die "promtool: $!\n";
    local $/;
    is <$said> // '', '', 'promtool has nothing to say about the metrics';
}

my $record = $operator->get('/mlgate/client/192.0.2.110');
is $record->code, 200, 'GET /client/{ip}';
is $record->json->{standing}, 'block', 'a blocked client: its standing';
is $record->json->{block}{decision}, $id, 'its block';
is $record->json->{record}{requests}, 10, 'its requests, without the refused';
ok $record->json->{features}{request_rate} > 0, 'its features';
cmp_ok $record->json->{score}, '>', 0, 'its score';
is $record->json->{reasons}[0]{feature}, 'request_rate', 'its reasons';
is $record->json->{would_change}[0]{feature}, 'request_rate',
    'and what would change the verdict';
is record('192.0.2.111')->{standing}, 'judged', 'another is judged';
is record('192.0.2.111')->{record}{requests}, 3, 'and was seen';
is record('::ffff:192.0.2.111')->{record}{requests}, 3, 'by any name';
is $operator->get('/mlgate/client/192.0.2.119')->code, 404,
    'GET /client/{ip}: who was never seen is not found';
is $operator->get('/mlgate/client/2001:db8:77::1')->code, 404,
    'IPv6 likewise';
is $operator->get("/mlgate/client/$_")->code, 400,
    "GET /client/{ip}: '$_' is not an address"
    for '192.0.2.256', 'localhost', '192.0.2.1%0a',
    '192.0.2.110/x', "x" x 300;

my $decision = $operator->get("/mlgate/decision/$id");
is $decision->code, 200, 'GET /decision/{id}';
is $decision->json->{client}, '192.0.2.110', 'names the client';
is $decision->json->{verdict}, 'refuse', 'the verdict';
is $decision->json->{reasons}[0]{feature}, 'request_rate', 'the reasons';
ok exists $decision->json->{features}{burst}, 'and the whole vector';
is $operator->get('/mlgate/decision/' . uc $id)->code, 200,
    'GET /decision/{id} in capitals';
is $operator->get('/mlgate/decision/0123456789abcdef')->code, 404,
    'GET /decision/{id}: one that never was';
is $operator->get("/mlgate/decision/$_")->code, 400,
    "GET /decision/{id}: '$_' is not one" for '12', 'xyz', "${id}0", '-1';

for my $path ('/', '/health', '/stats', '/metrics', '/client/192.0.2.110',
    "/decision/$id") {
    my $head = $operator->head("/mlgate$path");
    is $head->code, 200, "HEAD $path";
    is $head->content, '', "HEAD $path has no body";
    my $post = $operator->post("/mlgate$path");
    is $post->code, 405, "POST $path is not allowed";
    like $post->header('Allow'), qr/\bGET\b/, "POST $path: GET is";
    is $operator->request('DELETE', "/mlgate$path")->code, 405,
        "DELETE $path is not allowed";
}
for my $path ('/block/192.0.2.118', '/unblock/192.0.2.118') {
    for my $method ('GET', 'HEAD', 'PUT') {
        my $answer = $operator->request($method, "/mlgate$path");
        is $answer->code, 405, "$method $path is not allowed";
        like $answer->header('Allow'), qr/\bPOST\b/, "$method $path: POST is";
    }
}
is $operator->get("/mlgate$_")->code, 404, "GET $_ is not there"
    for '/nothing', '/stats/more', '/client', '/client/', '/decision/',
    '/client/192.0.2.0%2f24';
is $operator->post("/mlgate$_")->code, 404, "POST $_ is not there"
    for '/nothing', '/block', '/block/', '/unblock/';
my $missing = $operator->get('/mlgate/nothing');
like $missing->header('Content-Type'), qr{^application/(?:problem\+)?json},
    'an error is JSON as well';
like $missing->content, qr/^\{/, 'with a document';

is client('192.0.2.112')->get('/mlgate/stats')->code, 403,
    'who is not local is not told';
is client('192.0.2.112')->post('/mlgate/unblock/192.0.2.110')->code, 403,
    'nor obeyed';
allow_log(qr/AH01630: client denied by server configuration/);

my $auto = operator->get('/server-status?auto')->content;
like $auto, qr/^MLGate\w*: \S/m, 'mod_status ?auto has our lines';
is scalar(grep { /^MLGate/ && !/^MLGate\w+: \S.*$/ } split /\r?\n/, $auto), 0,
    'each a key and a value';
my $table = operator->get('/server-status')->content;
like $table, qr/mlgate/i, 'mod_status has our block of HTML';

done;
