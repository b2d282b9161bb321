# SPDX-License-Identifier: Apache-2.0
# A model from a file judges, and every place that tells of a score names it.
# One that cannot be had stops the start with a sentence.
use strict;
use warnings;
use Digest::SHA qw(sha256);
use JSON::PP ();
use MLGate::Model;
use MLGate::Test;
use Test::More;

# ---- what stops a start

my $server = server(start => 0);
my $dir = $server->{dir};
my $sound = model('rate');
my $bare = substr $sound, 0, -32;

sub sealed { $_[0] . sha256($_[0]) }

put("$dir/rate.mlg", $sound);
put("$dir/empty.mlg", '');
put("$dir/text.mlg", "MLGateModel rate\n");
put("$dir/cut.mlg", substr $sound, 0, 300);
put("$dir/flipped.mlg", $sound ^ ("\0" x 400 . "\1"));
put("$dir/long.mlg", $sound . "\0" x 3_000_000);
put("$dir/features.mlg", sealed(substr($bare, 0, 16) . 'features' . substr $bare, 24));
put("$dir/version.mlg", sealed(substr($bare, 0, 8) . "\x07" . substr $bare, 9));
put("$dir/secret.mlg", $sound);
chmod 0, "$dir/secret.mlg";
mkdir "$dir/dir.mlg" or die "dir.mlg: $!\n";
system('mkfifo', "$dir/fifo.mlg") == 0 or die "mkfifo\n";

my %why = (
    none => qr/No such file or directory/, empty => qr/the file is empty/,
    text => qr/does not begin as a model file does/,
    cut => qr/not as long as it says/, flipped => qr/changed or damaged/,
    long => qr/longer than any model/,
    features => qr/made for another list of features/,
    version => qr/a format that this build does not know/,
    secret => qr/Permission denied/, dir => qr/it is a directory/,
    fifo => qr/it is not a regular file/,
);
for my $name (sort keys %why) {
    for (['MLGateModel', 'weighted'], ['MLGateShadowModel', 'off']) {
        my ($directive, $instead) = @$_;
        my ($rv, $said) = $server->rewrite("$directive $name.mlg")->check;
        isnt $rv, 0, "httpd -t refuses $directive $name.mlg";
        my ($line) = $said =~ /(MLG0022.*)/;
        like $line // $said, qr{$directive \Q$dir\E/$name\.mlg: .*$why{$name}},
            'and says why';
        like $line // '', qr/install a sound model there, or set $directive $instead$/,
            'and what to do';
    }
}
$server->rewrite('MLGateModel flipped.mlg');
ok !eval { $server->start; 1 }, 'nor does the server start';
like $@, qr/MLG0022/, 'for the same reason';
$server->{log}->allow(qr/MLG0022/, qr/AH\d+: Configuration check failed/);
ok -e "$dir/secret.mlg", 'and it touches nothing';

for my $conf ('MLGateModel rate.mlg', "MLGateModel $dir/rate.mlg",
    'MLGateModel weighted', 'MLGateModel "rate.mlg"',
    'MLGateShadowModel rate.mlg', 'MLGateShadowModel weighted',
    'MLGateShadowModel off', 'MLGateShadowModel Off',
    "MLGateModel none.mlg\nMLGateModel rate.mlg",
    "MLGateModel rate.mlg\nMLGateShadowModel rate.mlg") {
    my ($rv, $said) = $server->rewrite($conf)->check;
    is $rv, 0, 'accepted: ' . $conf =~ s/\n/; /r or diag $said;
}
my (undef, $said) = $server->rewrite(<<'END')->check;
MLGateModel rate.mlg
MLGateWeight burst 0 1 0.5
END
like $said, qr/warn.*MLG0023: MLGateWeight has no effect: .*rate\.mlg judges/,
    'httpd -t warns of weights that decide nothing';
(undef, $said) = $server->rewrite(<<'END')->check;
MLGateModel rate.mlg
MLGateShadowModel weighted
MLGateWeight burst 0 1 0.5
END
unlike $said, qr/MLG0023/, 'but not when the shadow goes by them';

# ---- a forest at work

my $id = model_id($sound);
my $ctl = "$ENV{MLGATE_WORK}/mlgatectl";
my $gate = server(conf => <<'END');
ExtendedStatus On
MLGateEngine enforce
MLGateModel "%WORK%/models/rate.mlg"
MLGateThreshold 0.9
MLGateEventLog events.json
MLGateObservationLog observations
Header always set X-Verdict "%{MLGATE_VERDICT}e"
Header always set X-Score "%{MLGATE_SCORE}e"
Header always set X-Reason "%{MLGATE_REASON}e"
<Location /server-status>
    SetHandler server-status
    MLGateEngine off
</Location>
<Location /strict>
    MLGateThreshold 0.99
</Location>
<VirtualHost *:%PORT%>
    ServerName gate.test
</VirtualHost>
<VirtualHost *:%PORT%>
    ServerName weights.test
    MLGateWeight burst 0 1 0.5
</VirtualHost>
END
$gate->{log}->expect(
    qr/MLG0004.*model $id \(1 tree of depth 1\), threshold 0\.900, shadow off/, 1);
$gate->{log}->expect(qr/warn.*MLG0023/, 1);

expect_block('192.0.2.140', $gate);
my @answers = $gate->client('192.0.2.140')->pipeline(
    map { ['GET', "/?$_"] } 1 .. 12);
is each_of(map { $_->code } @answers[0 .. 8]), '200', 'nine requests pass';
is $answers[9]->code, 429, 'the tenth is refused: the forest has seen enough';
is $answers[2]->header('X-Verdict'), 'pass', 'three pages in ten seconds pass';
is $answers[2]->header('X-Score'), '0.018', 'with the score of one leaf';
is $answers[3]->header('X-Verdict'), 'suspect', 'four are suspect';
is $answers[3]->header('X-Score'), '0.982', 'with the score of the other';
is $answers[3]->header('X-Reason'), 'request_rate=0.40',
    'and MLGATE_REASON names the question that was asked';
my ($ref) = $answers[9]->content =~ /([0-9a-f]{16})/;

my $decision = operator($gate)->get("/mlgate/decision/$ref")->json;
is $decision->{model}, $id, 'the decision names the model that judged';
is $decision->{threshold}, 0.9, 'and the threshold';
is $decision->{reasons}[0]{feature}, 'request_rate', 'the reasons';
is $decision->{would_change}[0]{feature}, 'request_rate',
    'and what would have changed it';
cmp_ok abs($decision->{would_change}[0]{bound} - 0.35), '<', 1e-6,
    'to the split of the tree';
my $client = record('192.0.2.140', $gate);
is $client->{reasons}[0]{feature}, 'request_rate', 'so does the client page';
is $client->{would_change}[0]{feature}, 'request_rate',
    'and what would change it';

my ($event) = map { JSON::PP->new->decode($_) } lines("$gate->{dir}/events.json");
is $event->{event}, 'block', 'the event log has the block';
is $event->{model}, $id, 'and the model that judged';
my $url = "http://127.0.0.1:$gate->{port}/mlgate";
my $story = qx{$ctl explain --decision $url/decision/$ref \\
    --model $ENV{MLGATE_WORK}/models/rate.mlg 2>&1};
like $story, qr/The model that judged it: $id/, 'mlgatectl explain names it';
like $story, qr/request_rate/, 'and with the same model here, the parts';

$gate->{log}->expect(qr/MLG0010/, 1);
operator($gate)->post('/mlgate/block/192.0.2.149?ttl=1m');
(undef, my $order) = map { JSON::PP->new->decode($_) }
    lines("$gate->{dir}/events.json");
ok exists $order->{model} && !defined $order->{model},
    'an order was judged by none';

$gate->client('192.0.2.141', headers => { Connection => 'close' })->get('/')
    for 1 .. 2;
is $gate->client('192.0.2.142')->get('/strict')->code, 404,
    'a section may have a threshold of its own';

my $info = operator($gate)->get('/mlgate/')->json;
my $stats = stats($gate);
for (['/', $info], ['/stats', $stats]) {
    my ($path, $json) = @$_;
    my $m = $json->{model};
    is_deeply [@{$m}{qw(kind id trees depth threshold reloads reloads_refused)}],
        ['forest', $id, 1, 1, 0.9, 0, 0], "GET $path describes the model";
    like $m->{since}, qr/^\d{4}-.*Z$/, "GET $path: since when";
    cmp_ok $m->{for_s}, '<', 600, "GET $path: for how long";
    is $json->{shadow}, undef, "GET $path: no shadow";
}
is $info->{threshold}, 0.9, 'the threshold in force';
my $metrics = operator($gate)->get('/mlgate/metrics')->content;
like $metrics, qr/^mlgate_model_info\{role="judge",kind="forest",id="$id",trees="1",depth="1"\} 1$/m,
    'GET /metrics names the model';
like $metrics, qr/^mlgate_model_since_timestamp_seconds\{role="judge"\} [\d.]+$/m,
    'and since when';
like $metrics, qr/^mlgate_threshold 0\.9$/m, 'and the threshold';
unlike $metrics, qr/role="shadow"/, 'no shadow';
my $page = operator($gate)->get('/mlgate/', headers => { Accept => 'text/html' });
like $page->content, qr/Model $id \(1 tree of depth 1\)/, 'so does the page';
my $status = operator($gate)->get('/server-status?auto')->content;
like $status, qr/^MLGateModel: $id$/m, 'and mod_status';
like operator($gate)->get('/server-status')->content, qr/$id, a score is too high from 0\.900/,
    'for people, too';
like qx{$ctl status $url 2>&1}, qr/^model +$id, for /m, 'and mlgatectl status';
$gate->stop;

# mlgatectl judges as the server did
for my $rules ("--config $gate->{dir}/httpd.conf",
    "--set 'MLGateModel $ENV{MLGATE_WORK}/models/rate.mlg' --set 'MLGateThreshold 0.9'",
    "--model $ENV{MLGATE_WORK}/models/rate.mlg") {
    my $report = JSON::PP->new->decode(
        scalar qx{$ctl replay --json --quiet $rules $gate->{dir}/observations});
    my $parity = $report->{parity};
    is $report->{rules}{model}, $id, "mlgatectl replay $rules: the same model";
    cmp_ok $parity->{compared}, '>', 10, 'requests are compared';
    is_deeply [@{$parity}{qw(scores_differ vectors_differ verdicts_differ)}],
        [0, 0, 0], 'each has the same score and verdict';
}

done;
