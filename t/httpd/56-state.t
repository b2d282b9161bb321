# SPDX-License-Identifier: Apache-2.0
# What the gate knows outlives a stop, with MLGateStateFile; a file that is
# damaged, foreign or open to others is refused and kept; one that cannot be
# written stops nobody.
use strict;
use warnings;
use Fcntl qw(SEEK_SET);
use JSON::PP ();
use MLGate::Test;
use Test::More;

my $ctl = "$ENV{MLGATE_WORK}/mlgatectl";
my $conf = <<'END';
Define MLGATE_HURRY
MLGateEngine enforce
MLGateStateFile state/gate
MLGateObservationLog observations
Include "%WORK%/by-rate.conf"
END
my $server = server(conf => "MLGateTableSize 8192\n$conf");
my $file = "$server->{dir}/state/gate";
my $log = $server->{log};
$log->expect(qr/MLG0004/);
$log->expect(qr/MLG0034: took up/);
$log->allow(qr/MLG0010/, qr/AH00098: pid file/);

sub mode { sprintf '%04o', (stat $_[0])[2] & 07777 }
sub code { $server->client($_[0])->get('/')->code }
sub counter { stats($server)->{counters}{ $_[0] } }

is mode("$server->{dir}/state"), '0700', 'its directory is made, for User alone';
expect_block('192.0.2.240', $server);
my $blocked = $server->client('192.0.2.240');
$blocked->burst(12);
my ($id) = $blocked->get('/')->content =~ /([0-9a-f]{16})/;
$blocked->close;
$server->client('192.0.2.241')->burst(6);
operator($server)->post('/mlgate/block/192.0.2.242?ttl=1h&reason=why');
operator($server)->post('/mlgate/unblock/192.0.2.243');
my $before = stats($server);
my $until = record('192.0.2.240', $server)->{block}{until_epoch};

# ---- a stop

$server->stop;
is mode($file), '0600', 'nobody else reads what is written';
is_deeply [grep { /\.new$/ } glob "$file*"], [], 'and nothing is left half written';
$server->start;
is code('192.0.2.240'), 429, 'a block outlives a stop';
like $server->client('192.0.2.240')->get('/')->content, qr/$id/,
    'with its reference';
is operator($server)->get("/mlgate/decision/$id")->code, 200,
    'which can be explained still';
cmp_ok abs(record('192.0.2.240', $server)->{block}{until_epoch} - $until), '<',
    0.01, 'and ends when it would have';
is record('192.0.2.242', $server)->{block}{note}, 'why', 'an operator\'s, too';
is record('192.0.2.243', $server)->{standing}, 'grace', 'and grace';
is record('192.0.2.241', $server)->{record}{requests}, 6, 'and windows:';
expect_block('192.0.2.241', $server);
is_deeply [$server->client('192.0.2.241')->burst(5)],
    [200, 200, 200, 429, 429], 'six requests before and four after are ten';
my $after = stats($server);
is $after->{counters}{requests} - $before->{counters}{requests}, 7,
    'counters go on';
is $after->{table}{in_use}, $before->{table}{in_use}, 'as many clients are known';
cmp_ok abs($after->{counting_since_epoch} - $before->{counting_since_epoch}),
    '<', 0.01, 'since the same time';
ok wait_until('writes are counted', 10, sub { counter('state_writes') > 0 }),
    'and it was counted';

# ---- another size

$server->stop;
$server->rewrite("MLGateTableSize 16384\n$conf")->start;
is stats($server)->{table}{clients}, 16384, 'a larger table';
is code('192.0.2.240'), 429, 'knows the same blocks';
is record('192.0.2.241', $server)->{record}{requests}, 10,
    'and the same windows';
$server->stop;
$server->rewrite("MLGateTableSize 4096\n$conf")->start;
is code('192.0.2.242'), 429, 'and a smaller one';
is record('192.0.2.241', $server)->{record}{requests}, 10, 'likewise';

# What a replay makes of all that.
$server->stop;
my $parity = JSON::PP->new->decode(scalar qx{$ctl replay --json --quiet --config $server->{dir}/httpd.conf $server->{dir}/observations})->{parity};
cmp_ok $parity->{compared}, '>', 20, 'a replay of observations goes along';
is_deeply [@{$parity}{qw(scores_differ vectors_differ verdicts_differ gaps late foreign)}],
    [(0) x 6], 'and judges alike over stops and sizes';
ok !$parity->{is_partial}, 'knowing all that the server knew';

# ---- a crash: the last minute's blocks are in a file of their own

$server->start;
expect_block('192.0.2.244', $server);
$server->client('192.0.2.244')->burst(12);
ok wait_until('blocks are written', 10, sub {
    grep { -e && -M _ <= 0 } "$file.blocks", $file;
}), 'a block is on disk soon';
my $writes = counter('state_writes');
wait_until('all of it is written', 10, sub { counter('state_writes') > $writes + 1 });
$server->crash->start;
is code('192.0.2.244'), 429, 'so that a crash forgets none';

# With nothing left but that file, the ends of its blocks are told all the same.
for my $n (1 .. 10) { # some of them written between two writes of all
    operator($server)->post("/mlgate/block/198.51.100.$n?ttl=6s");
    select undef, undef, undef, 0.15;
}
$server->crash;
unlink $file;
$server->start;
is code('198.51.100.1'), 429, 'blocks alone are taken up, too';
ok wait_until('its end is told', 15, sub {
    grep { /MLG0011: the block of 198\.51\.100\.1 is over/ } $log->lines;
}), 'and their ends are told, though nothing counted them';

# ---- files that are not to be believed

sub damage {
    my ($code) = @_;
    $server->stop;
    unlink "$file.blocks", "$file.bad";
    $code->();
    $server->start;
    ok -e "$file.bad" || -l "$file.bad", 'it is kept aside';
    is code('192.0.2.240'), 200, 'and the gate begins empty';
    unlink "$file.bad";
}
sub flip {
    my ($at) = @_;
    open my $fh, '+<', $file or die "$file: $!\n";
    binmode $fh;
    seek $fh, $at, SEEK_SET;
    read $fh, my $byte, 1;
    seek $fh, $at, SEEK_SET;
    print {$fh} chr(ord($byte) ^ 1);
    close $fh;
}
sub put {
    open my $fh, '>', $file or die "$file: $!\n";
    print {$fh} $_[0];
    close $fh;
}
$log->expect(qr/warn.*MLG0035: \S+gate is not taken up: a state file that is cut short or damaged \(byte \d+: a check is wrong\); the gate does without what it held, and it is kept as \S+gate\.bad/, 1);
damage(sub { flip((stat $file)[7] / 2) });
$log->expect(qr/MLG0035.*damaged \(byte \d+: it is cut short\)/, 1);
damage(sub { truncate $file, (stat $file)[7] - 5 });
$log->expect(qr/MLG0035.*not a state file of mod_mlgate/, 1);
damage(sub { put("a text\n") });
$log->expect(qr/MLG0035.*of a format that this build does not know/, 1);
damage(sub { flip(32 + 8 + 1) });
$log->expect(qr/MLG0035.*others may write to it \(mode 0620\)/, 1);
damage(sub { chmod 0620, $file });
$log->expect(qr/MLG0035.*(?:symbolic links|link)/, 1);
damage(sub { rename $file, "$file.there"; symlink "$file.there", $file });

# Nor one that is good when it is proven and bad when it is taken up; nor are
# older blocks, which would bring back whom an operator has freed since:
# FILE.blocks goes when FILE is written whole.
my $calm = server(conf => "MLGateTableSize 8192\n"
        . $conf =~ s/Define MLGATE_HURRY\n//r);
my $kept = "$calm->{dir}/state/gate";
$calm->{log}->expect(qr/MLG0004/);
$calm->{log}->allow(qr/MLG0010/, qr/AH00098: pid file/);
ok wait_until('all of it is written', 10, sub { -e $kept }),
    'all is written at first';
operator($calm)->post('/mlgate/block/192.0.2.248?ttl=1h');
ok wait_until('the block is written', 10, sub { -e "$kept.blocks" }),
    'and then a block alone';
operator($calm)->post('/mlgate/unblock/192.0.2.248');
operator($calm)->post('/mlgate/block/192.0.2.249?ttl=1h');
$calm->stop;
ok !-e "$kept.blocks", 'a stop that writes all leaves no older blocks';
$calm->{log}->expect(qr/MLG0035: \S+gate is not taken up: a state file that is cut short or damaged \(byte \d+: it is cut short\)/, 2);
sub spoiled {
    my ($which) = @_;
    $calm->{env} = { LD_PRELOAD => "$ENV{MLGATE_WORK}/spoiled.so",
        MLGATE_TEST_SPOIL => $which };
    $calm->start;
    delete $calm->{env};
    ok -e "$which.bad", 'a file that is cut while it is read is kept aside';
}
spoiled($kept);
is $calm->client('192.0.2.249')->get('/')->code, 200,
    'and nothing of what was read is taken up';
is $calm->client('192.0.2.248')->get('/')->code, 200,
    'nor anybody brought back who was freed';
my $empty = stats($calm);
is $empty->{table}{in_use}, 2, 'it begins empty';
is_deeply $empty->{blocked}, { map { $_ => 0 } keys %{ $empty->{blocked} } },
    'with no block';
cmp_ok $empty->{counters}{requests}, '<', 10, 'and counts from then on';
cmp_ok $empty->{time_epoch} - $empty->{counting_since_epoch}, '<', 10,
    'as it says';

# Blocks that go bad leave what is whole; and whole what goes bad, the blocks.
ok wait_until('all of it is written', 10, sub { -e $kept }), 'later';
operator($calm)->post('/mlgate/block/192.0.2.247?ttl=1h');
ok wait_until('the block is written', 10, sub { -e "$kept.blocks" }),
    'a block is written alone again';
$calm->crash;
system 'cp', '-p', $kept, "$kept.copy";
system 'cp', '-p', "$kept.blocks", "$kept.blocks.copy";
$calm->{log}->expect(qr/MLG0035: \S+gate\.blocks is not taken up/, 1);
$calm->{log}->expect(qr/MLG0034: took up .* from \S+state\/gate: 0 blocks, [1-9]\d* clients' windows \(0 too old, 0 without room\)/, 1);
spoiled("$kept.blocks");
is $calm->client('192.0.2.247')->get('/')->code, 200,
    'blocks that are cut are not taken up';
$calm->crash;
rename "$kept.copy", $kept;
rename "$kept.blocks.copy", "$kept.blocks";
$calm->{log}->expect(qr/MLG0034: took up .* from \S+state\/gate\.blocks: 1 blocks, 0 clients' windows/, 1);
spoiled($kept);
is $calm->client('192.0.2.247')->get('/')->code, 429,
    'blocks whose whole is cut are';
my $alone = stats($calm);
cmp_ok $alone->{time_epoch} - $alone->{counting_since_epoch}, '<', 10,
    'counting begins anew';

# A restart that names another file keeps what it knows, and what lies there.
$calm->stop;
system 'cp', '-p', $kept, "$kept.other";
unlink $kept;
$calm->start;
$calm->{log}->expect(qr/MLG0035: \S+gate\.other is not taken up: it is of another gate, and a restart keeps .* and it is kept as \S+gate\.other\.bad/, 1);
$calm->rewrite("MLGateTableSize 8192\n"
        . $conf =~ s/Define MLGATE_HURRY\n//r =~ s{state/gate}{state/gate.other}r);
$calm->graceful;
ok -e "$kept.other.bad", 'what is of another gate is kept aside at a restart';
is $calm->client('192.0.2.247')->get('/')->code, 200, 'and not taken up';
$calm->stop;

# ---- a place that cannot be written to

my $failures = counter('state_failures');
$log->expect(qr/warn.*MLG0036: cannot write \S+state\/gate/, 1);
chmod 0500, "$server->{dir}/state";
ok wait_until('a failure is counted', 10, sub {
    counter('state_failures') > $failures + 1
}), 'a directory that is closed is counted';
is $server->client('192.0.2.246')->get('/')->code, 200, 'and stops nobody';
chmod 0700, "$server->{dir}/state";
$writes = counter('state_writes');
ok wait_until('it is written again', 10, sub { counter('state_writes') > $writes }),
    'it is written again once it can be';

my $small = "$ENV{MLGATE_WORK}/small";
SKIP: {
    skip 'no tmpfs of 64 KiB: run as root, where mount is allowed', 4
        unless -d $small && !-e "$small/not-mounted";
    my $full = server(conf => "MLGateStateFile $small/gate\n$conf" =~ s{MLGateStateFile state/gate\n}{}r);
    $full->{log}->expect(qr/MLG0004/);
    $full->{log}->expect(qr/No space left.*MLG0036/, 2); # child and parent
    ok wait_until('a full disk is counted', 10, sub {
        stats($full)->{counters}{state_failures} > 2
    }), 'a disk that is full is counted, and said once';
    is $full->client('192.0.2.246')->get('/')->code, 200, 'and stops nobody';
    is_deeply [glob "$small/gate*.new"], [], 'what was half written is gone';
    expect_block('192.0.2.247', $full);
    is +($full->client('192.0.2.247')->burst(12))[-1], 429,
        'the gate goes on';
    $full->stop;
}

# ---- what httpd -t says

my $wrong = server(start => 0, conf => "MLGateStateFile /nowhere/at/all/gate\n");
my ($rv, $said) = $wrong->check;
is $rv, 0, 'a place that is not there is no mistake';
like $said, qr{MLG0037: MLGateStateFile /nowhere/at/all/gate: no state can be kept in /nowhere/at/all/: No such file or directory; a stop will forget},
    'but said';
$wrong = server(start => 0, conf => "MLGateStateFile off\n");
is +($wrong->check)[1] =~ /MLG/, '', 'off is off';
$wrong = server(start => 0, conf => "MLGateStateFile \"|cat\"\n");
like +($wrong->check)[1], qr/'\|cat' is not a file\. A file that keeps/,
    'a pipe keeps nothing';

done;
