# SPDX-License-Identifier: Apache-2.0
# kill -9 at random moments, under traffic: any child, the one whose watchdog
# reports ended blocks, and one that holds a stripe (held.c). No lock stays
# stuck, no torn record is believed, no block is lost, and nobody but the
# clients of a dead child notices. `make kills KILLS=1000` is the long form.
use strict;
use warnings;
use MLGate::Siege;
use MLGate::Test;
use Test::More;
use Time::HiRes qw(time sleep);

my $kills = $ENV{KILLS} || 15;
my $is_long = $kills >= 20;
my $blocks = 200;

# Idle threads for everybody in any one child: one that runs out of them closes
# kept connections. And idle children are never sent away.
my $processes = <<'END';
<IfModule mpm_prefork_module>
    StartServers 16
    MinSpareServers 8
    MaxSpareServers 32
    ServerLimit 32
    MaxRequestWorkers 32
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 4
    ServerLimit 8
    ThreadsPerChild 16
    MinSpareThreads 64
    MaxSpareThreads 128
    MaxRequestWorkers 128
</IfModule>
END

my $server = server(held => 1, processes => $processes, conf => siege_conf() . <<'END');
MLGateEngine enforce
MLGateBlockFor 24h
Include "%WORK%/by-rate.conf"
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName calm.test
    MLGateMinRequests 1000000
</VirtualHost>
END
$server->{log}->expect(qr/MLG0004/);
$server->{log}->allow(qr/MLG0008/, qr/MLG0010/,
    qr/AH1039[23]: children are killed/);

sub order {
    my ($what, $addr, $terms) = @_;
    return eval {
        operator($server, patience => 20)->post("/mlgate/$what/$addr$terms");
    };
}
my $operator = operator($server);
$operator->post("/mlgate/block/192.0.2.$_?ttl=24h") for 1 .. $blocks;

# Who is there: six in a hurry, whose records must stay what they can be; one
# that gets addresses blocked; one that reads what the senders leave.
my $over = "$server->{dir}/over";
my $until = sub { -e $over };
my @senders;
for my $n (1 .. 6) {
    push @senders, besiege($server, $until, sub {
        my ($self) = @_;
        $self->visit("198.51.100." . (10 * $n + int rand 8));
    });
}
my $flooder = besiege($server, $until, sub {
    my ($self) = @_;
    my $n = $self->{n}++;
    my $addr = '203.0.' . (113 + int($n / 250)) . '.' . (1 + $n % 250);
    for (1 .. 40) {
        my $response = $self->visit($addr, host => 'gate.test') or next;
        # A block says how long it lasts; a refusal by a copy, while the stripe
        # was busy, does not.
        next if !$response->header('Retry-After');
        $self->{blocked}{$addr} = 1;
        last;
    }
    sleep 0.05;
});
# Pages and nothing else, all of them found: so says every record, or it is
# torn.
my $reader = besiege($server, $until, sub {
    my ($self) = @_;
    my $addr = '198.51.100.' . (10 * (1 + int rand 6) + int rand 8);
    my $response = $self->visit('127.0.0.1',
        path => "/mlgate/client/$addr") or return;
    my $record = $response->json->{record} or return;
    $self->{read}++;
    $self->{torn}++ if $record->{pages_10min} != $record->{requests_10min}
        || $record->{requests_10min} > $record->{requests}
        || $record->{not_found_10min} || $record->{client_errors_10min}
        || $record->{server_errors_10min};
    sleep 0.01;
});

my (%by, %ending, $refused_orders);
my $begun = time;
for my $n (1 .. $kills) {
    sleep rand 0.36;
    if ($n % 100 == 10 && $is_long) { # the one that reports
        my $pid;
        wait_until('a watchdog is at work', 25, sub {
            $pid = latest_sweeper($server) // 0;
            return grep { $_ == $pid } $server->children;
        });
        $by{watchdog} += kill_child($server, $pid);
    }
    elsif (rand() < 0.4) {
        open my $fh, '>', "$server->{dir}/held/die" or die "die: $!\n";
        close $fh;
        $by{'holding a stripe'}++ if wait_until('one dies of it', 10,
            sub { !-e "$server->{dir}/held/die" });
    }
    else {
        my @children = $server->children or next;
        $by{any} += kill_child($server, $children[rand @children]);
    }
    my $addr = '198.18.' . int($n / 200) . '.' . (1 + $n % 200);
    my $response = order('block', $addr, '?ttl=1s') or next;
    $ending{$addr} = time if $response->code == 200;
    $refused_orders++ if $response->code >= 500;
}
my $took = time - $begun;
sleep 1.5;
{ open my $fh, '>', $over or die "over: $!\n" }
my @tallies = gather(@senders, $flooder, $reader);
my $sum = blame($server, \@tallies);
my $dead = keys %{ dead_children($server) };

my ($ok, $silence, $slowest) = (0, 0, 0);
for my $tally (@tallies) {
    $ok += $tally->{ok};
    $silence = $tally->{silence} if $tally->{silence} > $silence;
    $slowest = $tally->{slowest} if $tally->{slowest} > $slowest;
}
my %blocked = %{ $tallies[6]{blocked} };

cmp_ok $dead, '>=', $kills / 2, "$dead children were killed";
cmp_ok $ok, '>', 50 * $took, "$ok requests were answered meanwhile";
cmp_ok $silence, '<', 10, 'no client was without an answer for long';
is_deeply $sum->{uninvolved}, [],
    'a request failed only with the child it was in';
is $tallies[7]{torn} // 0, 0, 'no torn record was believed';
is $refused_orders // 0, 0, 'no stripe was busy for a second';

# Every stripe can be taken: 2000 addresses meet each of 256 but for one in
# 2500 times.
my $client = operator($server);
is each_of(map { $client->post(
    '/mlgate/unblock/100.64.' . int($_ / 250) . '.' . $_ % 250)->code }
    1 .. 2000), '200', 'no lock is stuck';
is each_of(map { $server->client("192.0.2.$_")->get('/')->code } 1 .. $blocks),
    '429', "no operator's block is lost";
is each_of(map { $server->client($_)->get('/')->code } keys %blocked),
    keys %blocked ? '429' : '', 'and none of the ' . keys(%blocked)
    . ' that were made meanwhile';
# mod_watchdog takes ten seconds to find that the process it ran in is dead.
if ($is_long) {
    my @missing;
    wait_until('all ends are reported', 25, sub {
        my %ended;
        /MLG0011: the block of (\S+) is over/ and $ended{$1} = 1
            for $server->{log}->lines;
        return !(@missing = grep { !$ended{$_} } sort keys %ending);
    });
    for my $addr (@missing) { # what was reported next, and by whom
        my $was_ordered = 0;
        my @next = grep {
            $was_ordered ||= /MLG0010.*\Q$addr\E for/;
            $was_ordered && (/MLG0011/ || /MLG0010.*\Q$addr\E for/);
        } $server->{log}->lines;
        diag join "\n", "never over: $addr", splice @next, 0, 12;
    }
    is "@missing", '',
        'the end of every short block was reported, by whatever watchdog';
}
my $counters = stats($server)->{counters};
is $counters->{lock_errors}, 0, 'no lock failed';
is operator($server)->get('/mlgate/health')->code, 200, 'the gate is well';

my @report = (
    sprintf('%s, %d s: %d children killed (%s)', mpm(), $took, $dead,
        join ', ', map { "$_ $by{$_}" } sort keys %by),
    sprintf('%d requests answered; failed with their child: %d, and %d on the '
        . 'first of a connection; uninvolved: %d', $ok, $sum->{own},
        $sum->{first}, scalar @{ $sum->{uninvolved} }),
    sprintf('longest without an answer: %.2f s, slowest answer %.2f s',
        $silence, $slowest),
    sprintf('records read meanwhile: %d, torn: %d; repaired: %d; updates '
        . 'skipped: %d of %d', $tallies[7]{read} // 0, $tallies[7]{torn} // 0,
        @$counters{qw(repairs skipped requests)}),
    sprintf('blocks kept: %d of an operator, %d made meanwhile; ends '
        . 'reported: %d', $blocks, scalar keys %blocked, scalar keys %ending));
($ENV{KILLS} ? diag($_) : note($_)) for @report;

done;
