# SPDX-License-Identifier: Apache-2.0
# mlgatectl replay judges a server's observation log as the server did: every
# score to the bit, every feature, every verdict.
use strict;
use warnings;
use JSON::PP ();
use MLGate::Backend ();
use MLGate::Test;
use POSIX ();
use Test::More;

my $ctl = "$ENV{MLGATE_WORK}/mlgatectl";
my $backend = MLGate::Backend->start;
# As many processes from beginning to end, and threads to spare: httpd closes
# kept connections when it retires a process and when its threads are all busy.
my $processes = <<'END';
<IfModule mpm_prefork_module>
    StartServers 12
    MinSpareServers 1
    MaxSpareServers 16
    ServerLimit 16
    MaxRequestWorkers 16
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 3
    ServerLimit 3
    ThreadsPerChild 32
    MinSpareThreads 1
    MaxSpareThreads 1000
    MaxRequestWorkers 96
</IfModule>
END
my $conf = <<"END";
Protocols h2c http/1.1
MLGateEngine enforce
MLGateThreshold 0.75
MLGateMinRequests 12
MLGateWeight cookie_absent 0.5 1 0.1
MLGateAllow 192.0.2.99
MLGateExempt "%{REQUEST_URI} == '/free'"
MLGateObservationLog "%DIR%/observations"
ProxyPass /app http://127.0.0.1:$backend->{port}/
END
my $server = server(processes => $processes, conf => $conf);
$server->{log}->expect(qr/MLG0004/);
$server->{log}->allow(qr/MLG0008/, qr/MLG0010/);
my $log = "$server->{dir}/observations";

sub observations { open my $fh, '<', $log or return (); return <$fh> }

# A person reads, a script posts, a scanner asks for what is not there, a flood
# comes over one connection and another over many; all at once, so that their
# requests overlap and end out of order.
sub visitor {
    my ($what, $code) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    # httpd may close a connection that waits for more: begin again
    for (1 .. 5) {
        POSIX::_exit(0) if eval { $code->(); 1 };
        last if $@ !~ /closed without an answer|closed within a body/;
    }
    print STDERR "$what: $@";
    POSIX::_exit(1);
}

sub visit_all {
    my ($net) = @_;
    my @visitor = (
        visitor('person', sub {
            my $c = $server->client("192.0.2.$net",
                headers => { Cookie => 'sid=7', Referer => 'http://gate.test/' });
            $c->get("/?page=$_"), $c->get('/style.css') for 1 .. 30;
        }),
        visitor('script', sub {
            my $c = $server->client("198.51.100.$net");
            $c->post("/app/$_", body => 'x' x (100 * $_)) for 1 .. 60;
        }),
        visitor('scanner', sub {
            $server->client("2001:db8:$net\::$_", headers =>
                { Connection => 'close', 'User-Agent' => "scan/$_" })
                ->get("/nope/$_.php") for 1 .. 60;
        }),
        visitor('flood', sub {
            my $c = $server->client("203.0.113.$net");
            $c->pipeline(map { ['GET', "/?$_"] } 1 .. 40) for 1 .. 4;
        }),
        visitor('friend', sub {
            $server->client('192.0.2.99')->burst(20, '/free');
        }),
        visitor('exempt', sub {
            $server->client("192.0.2.1$net")->burst(20, '/free');
        }));
    # one address from four connections at once: its stripe is contended
    push @visitor, map {
        visitor('crowd', sub {
            $server->client("203.0.113.2$net")->get('/app/crowd',
                headers => { Connection => 'close' }) for 1 .. 25;
        })
    } 1 .. 4;
    return grep { waitpid($_, 0); $? } @visitor;
}

is visit_all(1), 0, 'all visitors were answered';
operator($server)->post('/mlgate/block/192.0.2.77?ttl=1h');
is $server->client('192.0.2.77')->get('/')->code, 429,
    'an operator blocks someone';
operator($server)->post('/mlgate/unblock/203.0.113.1');
is $server->client('203.0.113.1')->get('/')->code, 200, 'and frees another';
SKIP: {
    skip 'no HTTP/2 with prefork', 1 if mpm eq 'prefork';
    skip 'no h2load: install nghttp2-client', 1 unless have('h2load');
    qx{h2load -n 80 -c 2 -m 10 -H 'x-forwarded-for: 192.0.2.55' \\
        http://127.0.0.1:$server->{port}/ 2>&1} =~ /(\d+) done/;
    is $1, 80, 'streams of HTTP/2 come in between';
}
my %old = map { $_ => 1 } $server->children;
$server->graceful;
wait_until('the old children are gone', 20,
    sub { !grep { $old{$_} } $server->children });
is visit_all(2), 0, 'a graceful restart in between: visitors are answered';

# What the server counted, once every request is written down.
my %counted;
sub count {
    wait_until('every request was written down', 10, sub {
        my $counters = stats($server)->{counters};
        %counted = %$counters;
        $counted{requests} == grep { /^mlg3 / } observations();
    });
}

count();

# A table of another size is a new segment that begins with what the last one
# knew: this client is judged there by what it did before.
is each_of($server->client('192.0.2.88')->burst(8)), '200', 'one is in the midst';
count();
%old = map { $_ => 1 } $server->children;
$server->{log}->expect(qr/MLG0005/);
$server->rewrite($conf . "MLGateTableSize 65536\n")->graceful;
wait_until('the old children are gone', 20,
    sub { !grep { $old{$_} } $server->children });
is $server->client('203.0.113.2')->get('/')->code, 429,
    'who was blocked before the table was resized stays blocked';
is visit_all(3), 0, 'visitors are answered';
$server->client('192.0.2.88')->burst(8);
is record('192.0.2.88', $server)->{record}{requests}, 16, 'and it goes on there';
count();
is $counted{observations_lost}, 0, 'no line was lost';
is scalar(grep { /^mlg3 / } observations()), $counted{requests},
    'a line for each request';
is scalar(grep { /^mlg3-start / } observations()), 3, 'and for each start';
is scalar(grep { /^mlg3-order .* \d+$/ } observations()), 2,
    'and for each order';
cmp_ok scalar(grep { /^mlg3-order .* 0\+$/ } observations()), '>', 2,
    'and for each block that moved over';
is sprintf('%04o', (stat $log)[2] & 07777), '0600',
    'nobody else may read who asked for what';
$server->stop;

sub replay {
    my $said = qx{$ctl replay --json --quiet @_ 2>&1};
    is $?, 0, "mlgatectl replay @_" or diag $said;
    return JSON::PP->new->utf8->decode($said);
}

my $report = replay("--config $server->{dir}/httpd.conf", $log);
my $parity = $report->{parity};
is $report->{malformed}, 0, 'every line is read';
is $parity->{requests}, $counted{requests}, 'every request is replayed';
is $parity->{compared} + $parity->{skipped}, $parity->{requests},
    'and compared, but for what the server judged without its stripe';
is $parity->{skipped} + 0, scalar(grep { is_skipped($_) } observations()),
    'which are as many as the log says';
cmp_ok $parity->{compared}, '>', 500, 'they are many';
is_deeply [@{$parity}{qw(scores_differ vectors_differ verdicts_differ)}],
    [0, 0, 0], 'each with the same score, features and verdict';
is_deeply [@{$parity}{qw(gaps late foreign)}], [0, 0, 0], 'none out of turn';
# One may be refused by a copy while its stripe is busy, which enters no block.
cmp_ok abs($report->{refused} - $counted{refused}), '<=', $parity->{skipped},
    'as many are refused';
cmp_ok $report->{refused}, '>', 100, 'which are many';
is $report->{blocked}, scalar(keys %{{ map { $_ => 1 }
    grep { defined } map { /MLG0008: blocked (\S+)/ } $server->{log}->lines }}),
    'and as many clients blocked as the error log says';

# Requests are judged in the order of the stripes and not of the lines, so only
# labels by client can hold.
sub write_file {
    my ($file, @lines) = @_;
    open my $fh, '>', $file or die "$file: $!\n";
    print $fh @lines;
    close $fh or die "$file: $!\n";
    return $file;
}
my $named = write_file("$server->{dir}/clients.tsv",
    "client\tclass\n", "192.0.2.1\tperson\n", "203.0.113.1\tflood\n");
my %rows;
for (split /\n/, qx{$ctl features --quiet --labels $named $log}) {
    my (undef, $client, $label) = split /,/;
    $rows{"$client $label"}++;
}
cmp_ok $rows{'192.0.2.1 person'}, '>=', 60, 'a client has its label';
cmp_ok $rows{'203.0.113.1 flood'} // 0, '>=', 9, 'another its own';
is $rows{'192.0.2.1 '}, undef, 'in all its rows';
cmp_ok $rows{'198.51.100.1 '}, '>=', 60, 'and who is not named has none';
my $lines = write_file("$server->{dir}/lines.tsv",
    map { "0\t-\tcat\n" } observations());
like qx{$ctl features --quiet --labels $lines $log 2>&1},
    qr/give it --labels by client/, 'labels of its lines are refused';

my $stricter = replay('--set', "'MLGateThreshold 0.5'", $log)->{parity};
is $stricter->{compared}, 0, 'under other rules nothing is compared';
is $stricter->{other_rules} + $stricter->{skipped}, $stricter->{requests},
    'and that is said';

done;

# Judged, but not holding the stripe: "place+", and a vector.
sub is_skipped {
    my @field = split ' ', $_[0];
    return $field[0] eq 'mlg3' && $field[26] =~ /\+$/ && $field[34] ne '0';
}
