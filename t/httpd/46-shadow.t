# SPDX-License-Identifier: Apache-2.0
# A shadow model scores beside the one that judges, has no say, and everybody
# can see how often the two disagree, and on whom.
use strict;
use warnings;
use MLGate::Model;
use MLGate::Test;
use Test::More;

my $conf = <<'END';
ExtendedStatus On
MLGateEngine enforce
MLGateModel "%WORK%/models/rate.mlg"
MLGateThreshold 0.9
Header always set X-Verdict "%{MLGATE_VERDICT}e"
Header always set X-Score "%{MLGATE_SCORE}e"
<Location /server-status>
    SetHandler server-status
    MLGateEngine off
</Location>
END
my ($id, $shadow) = map { model_id(model($_)) } qw(rate notfound);
my $plain = server(conf => $conf);
my $gate = server(conf => $conf
    . "MLGateShadowModel \"%WORK%/models/notfound.mlg\"\n");
$plain->{log}->expect(qr/MLG0004.*model $id .*shadow off/, 1);
$gate->{log}->expect(qr/MLG0004.*model $id .*shadow $shadow \(1 tree/, 1);

# A flood, which the model finds too high and its shadow does not; a scanner,
# the other way round; a reader, whom neither minds; and both at once.
sub visit {
    my ($server) = @_;
    my @seen;
    push @seen, $server->client('192.0.2.161')->pipeline(
        map { ['GET', "/?$_"] } 1 .. 12);
    for my $n (1 .. 3) {
        push @seen, $server->client('192.0.2.162')->get("/nope/$n.php");
    }
    push @seen, $server->client('192.0.2.163')->get('/');
    push @seen, map { $server->client('192.0.2.164')->get("/nope/$_") } 1 .. 9;
    return map { join ' ', $_->code, map { $_ // '-' } $_->header('X-Verdict'),
        $_->header('X-Score') } @seen;
}
expect_block('192.0.2.161', $_) for $plain, $gate;
my @without = visit($plain);
my @with = visit($gate);
is_deeply \@with, \@without, 'no answer, verdict or score is another';

my $stats = stats($gate);
my $s = $stats->{shadow};
is_deeply [@{$s}{qw(kind id trees depth threshold)}],
    ['forest', $shadow, 1, 1, 0.9], 'GET /stats describes the shadow';
like $s->{since}, qr/^\d{4}-/, 'and since when it scores';
my $sum = 0;
$sum += $_ for values %{ $s->{requests} };
is $sum, $stats->{counters}{judged}, 'each judged request is counted once';
cmp_ok $s->{requests}{only_model}, '>=', 7, 'the flood, from its fourth request to its block';
cmp_ok $s->{requests}{only_shadow}, '>', 0, 'the scanner';
cmp_ok $s->{requests}{both_high}, '>', 0, 'and who did both';
cmp_ok abs($s->{disagreement} - ($s->{requests}{only_model}
    + $s->{requests}{only_shadow}) / $sum), '<', 1e-5, 'how often they disagree';
is $stats->{counters}{"shadow_$_"}, $s->{requests}{$_},
    "the counter for $_ is the same" for sort keys %{ $s->{requests} };

my %on = map { $_->{client} => $_ } @{ $s->{disagreements} };
is join(' ', sort keys %on), '192.0.2.161 192.0.2.162 192.0.2.164',
    'and on whom';
is $on{'192.0.2.161'}{too_high_for}, 'model', 'the flood was for the model';
is $on{'192.0.2.161'}{times}, 7, 'so many times';
is $on{'192.0.2.161'}{score}, 0.982014, 'with its score';
is $on{'192.0.2.161'}{shadow_score}, 0.0179862, 'and the shadow\'s';
is $on{'192.0.2.162'}{too_high_for}, 'shadow', 'the scanner for the shadow';
is operator($gate)->get('/mlgate/')->json->{shadow}{id}, $shadow,
    'GET / names the shadow';

my $metrics = operator($gate)->get('/mlgate/metrics')->content;
like $metrics, qr/^mlgate_model_info\{role="shadow",kind="forest",id="$shadow",/m,
    'so does GET /metrics';
like $metrics, qr/^mlgate_shadow_only_model_total \d+$/m, 'with the counters';
like $metrics, qr/^mlgate_shadow_threshold 0\.9$/m, 'and its threshold';
SKIP: {
    skip 'no promtool', 1 unless have('promtool');
    open my $pipe, '|-', "promtool check metrics > $gate->{dir}/promtool 2>&1"
        or die "promtool: $!\n";
    print {$pipe} $metrics;
    close $pipe;
    is join('', lines("$gate->{dir}/promtool")), '', 'promtool does not object';
}
my $page = operator($gate)->get('/mlgate/', headers => { Accept => 'text/html' });
like $page->content, qr/Shadow model.*$shadow.*192\.0\.2\.162.*the shadow/s,
    'so does the page';
my $status = operator($gate)->get('/server-status?auto')->content;
like $status, qr/^MLGateShadowModel: $shadow$/m, 'and mod_status';
like $status, qr/^MLGateShadowDisagreement: 0\.\d+$/m, 'with how often';
is stats($plain)->{shadow}, undef, 'where there is none, nothing is said';
is stats($plain)->{counters}{"shadow_$_"}, 0, "nor counted: $_"
    for qw(both_low both_high only_model only_shadow);

# Another pair begins at nothing; the weights may be either of them.
my %old = map { $_ => 1 } $gate->children;
$gate->{log}->expect(qr/MLG0004.*model $id .*shadow weighted/, 1);
$gate->rewrite($conf . "MLGateShadowModel weighted\n")->graceful;
wait_until('the old children are gone', 20,
    sub { !grep { $old{$_} } $gate->children });
my $since = $stats->{model}{since};
$stats = stats($gate);
is $stats->{shadow}{kind}, 'weighted', 'weights may be the shadow';
is $stats->{shadow}{threshold}, 0.8, 'by the default of MLGateThreshold';
is_deeply [@{ $stats->{shadow}{disagreements} }], [],
    'what another shadow said is not told of this one';
$sum = 0;
$sum += $_ for values %{ $stats->{shadow}{requests} };
is $sum, 0, 'nor counted';
is $stats->{model}{since}, $since,
    'a model that stays is in force since before the restart';

done;
