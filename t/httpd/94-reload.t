# SPDX-License-Identifier: Apache-2.0
# A model is replaced while it judges: no request fails, none is judged by half
# a model, and one that is unsound changes nothing.
use strict;
use warnings;
use JSON::PP ();
use MLGate::Model;
use MLGate::Test;
use POSIX ();
use Test::More;

my $RELOADS = $ENV{RELOADS} || 40;
my %bytes = map { $_ => model($_) } qw(rate rate2 rate3 notfound);
my %id = map { $_ => model_id($bytes{$_}) } keys %bytes;
my $conf = <<'END';
Define MLGATE_HURRY
MLGateEngine observe
MLGateModel model.mlg
MLGateShadowModel shadow.mlg
MLGateObservationLog observations
MLGateThreshold 0.9
END
my $server = server(conf => $conf, start => 0);
my ($file, $shadow) = map { "$server->{dir}/$_.mlg" } qw(model shadow);
my $log = "$server->{dir}/observations";
install($file, $bytes{rate});
install($shadow, $bytes{notfound});
$server->{log}->expect(qr/MLG0004/);
$server->{log}->allow(qr/MLG0009/, qr/MLG0025/, qr/MLG0026/);
$server->start;

sub in_force { stats($server)->{model}{id} // 'none' }

# Until every process has it: each answers with what sits there.
sub wait_for {
    my ($id) = @_;
    return wait_until("model $id judges", 20, sub {
        for (1 .. 12) { return 0 if in_force() ne $id }
        return 1;
    });
}
sub count { scalar grep { /$_[0]/ } $server->{log}->lines }
sub counter { stats($server)->{counters}{ $_[0] } }

# ---- under load, a hundred times

my @visitor;
for my $n (1 .. 3) {
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my ($lost, $until) = (0, 0);
        local $SIG{TERM} = sub { $until = 1 };
        for (my $i = 0; !$until; $i++) {
            my $client = $server->client("192.0.2." . ($n * 60 + $i % 50));
            my @answers = eval { map { $client->get("/?$_") } 1 .. 20 };
            $lost++ if @answers != 20 || grep { $_->code != 200 } @answers;
            $client->close;
        }
        POSIX::_exit($lost ? 1 : 0);
    }
    push @visitor, $pid;
}
my $missed = 0;
for my $n (1 .. $RELOADS) {
    my $name = $n % 2 ? 'rate2' : 'rate';
    install($file, $bytes{$name});
    # counted, and here: a process that is one behind has the one to come
    $missed++ unless wait_until("reload $n", 20, sub {
        my $stats = stats($server);
        $stats->{model}{reloads} == $n && $stats->{model}{id} eq $id{$name};
    });
}
is $missed, 0, "a file that was replaced $RELOADS times was taken up each time";
kill TERM => @visitor;
my @lost = grep { waitpid($_, 0); $? } @visitor;
is scalar(@lost), 0, 'and no request failed meanwhile';
$server->{log}->expect(qr/MLG0026: MLGateModel .*model\.mlg has changed: model (?:$id{rate}|$id{rate2}) \(1 tree of depth 1\) is in force now/);
is count(qr/MLG0026/), $RELOADS, 'one process says so, once each time';
is counter('model_reloads'), $RELOADS, 'and counts it';
ok wait_for($id{rate}), 'every process has the last one';
my @rules = map { (split)[-1] } grep { /^mlg\d+ / } lines($log);
cmp_ok scalar(@rules), '>', 1000, 'many requests were judged';
is scalar(keys %{{ map { $_ => 1 } @rules }}), 2,
    'each by the one or by the other model';

# ---- a file that is unsound

$server->{log}->expect(qr/warn.*MLG0025: MLGateModel .*refused: .*model $id{rate} stays in force, but a restart would fail: install/);
put($file, substr $bytes{rate2}, 0, 500);
ok wait_until('half a file is refused', 20, sub { counter('model_refusals') == 1 }),
    'half a file is refused';
like((grep { /MLG0025/ } $server->{log}->lines)[0],
    qr/MLG0025: MLGateModel \Q$file\E .*not as long as it says/, 'and why is said');
is in_force(), $id{rate}, 'the old model judges on';
isnt +($server->check)[0], 0, 'a restart would fail, as was said';
sleep 1;
is counter('model_refusals'), 1, 'that is told once';
is count(qr/MLG0025/), 1, 'in one line';
put($file, $bytes{rate2});
ok wait_for($id{rate2}), 'the whole of it is taken up';

# A process that begins while the file is unsound has what the others have.
install($file, 'no model');
ok wait_until('no model at all is refused', 20,
    sub { counter('model_refusals') == 2 }), 'no model at all is refused';
my %old = map { $_ => 1 } $server->children;
$server->{log}->allow(qr/AH00052: child pid \d+ exit signal/);
kill KILL => keys %old;
ok wait_until('all children are new', 20, sub {
    my @now = $server->children;
    @now && !grep { $old{$_} } @now && eval { in_force(); 1 };
}), 'every child dies and is replaced';
ok wait_for($id{rate2}), 'the new ones have the model of those before';

# ---- as files come and go

unlink $file;
ok wait_until('a missing file is refused', 20,
    sub { counter('model_refusals') == 3 }), 'a file that is gone is refused';
is count(qr/MLG0025.*No such file/), 1, 'and said to be';
install($file, $bytes{rate2});
my $before = counter('model_reloads');
chmod 0, "$file";
ok wait_until('an unreadable file is refused', 20,
    sub { counter('model_refusals') == 4 }), 'one that may not be read, too';
chmod 0644, "$file";
utime 1, 1, $file;
install($file, $bytes{rate3});
ok wait_for($id{rate3}), 'the next one is taken up';
is counter('model_reloads'), $before + 1,
    'the same model again is no reload';
my $stats = stats($server);
is $stats->{model}{threshold}, 0.9, 'with the threshold that was given';
cmp_ok $stats->{model}{for_s}, '<', 30, 'it is in force since then';
is $stats->{model}{reloads_refused}, 4, 'the refused are counted';

# ---- the shadow

$server->{log}->expect(qr/MLG0026: MLGateShadowModel .*model $id{rate2} .*in place of $id{notfound}/, 1);
install($shadow, $bytes{rate2});
ok wait_until('the shadow is replaced', 20,
    sub { stats($server)->{shadow}{id} eq $id{rate2} }), 'a shadow is replaced, too';
is $stats->{model}{since}, stats($server)->{model}{since},
    'which is nothing to the model that judges';

# ---- restarts

$server->{log}->allow(qr/MLG0004/);
install($file, $bytes{rate});
$server->graceful;
ok wait_for($id{rate}), 'a graceful restart reads the file';
install($file, $bytes{rate2});
ok wait_for($id{rate2}), 'and goes on looking at it';
$server->stop;

# ---- each request by a whole model

for my $name ('rate', 'rate2') {
    my $report = JSON::PP->new->decode(scalar
        qx{$ENV{MLGATE_WORK}/mlgatectl replay --json --quiet \\
            --set 'MLGateEngine observe' --set 'MLGateThreshold 0.9' \\
            --model $ENV{MLGATE_WORK}/models/$name.mlg \\
            $log});
    my $parity = $report->{parity};
    cmp_ok $parity->{compared}, '>', 100, "$name judged many requests";
    is_deeply [@{$parity}{qw(scores_differ vectors_differ)}], [0, 0],
        'each with the score that it gives';
}

done;
