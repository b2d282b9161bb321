# SPDX-License-Identifier: Apache-2.0
# No memory is lost, per request or per graceful restart: a short run under
# valgrind, and a hundred restarts at full speed, of which the later ones must
# add nothing. Off by default; `make valgrind`.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

$ENV{LEAKS} or plan skip_all => 'make valgrind';

my $one_child = <<'END';
<IfModule mpm_prefork_module>
    StartServers 1
    MinSpareServers 1
    MaxSpareServers 2
    ServerLimit 8
    MaxRequestWorkers 2
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 1
    ServerLimit 8
    ThreadsPerChild 8
    MinSpareThreads 1
    MaxSpareThreads 16
    MaxRequestWorkers 8
</IfModule>
END
my $conf = <<'END';
MLGateEngine enforce
MLGateTableSize 8192
MLGateEventLog events.json
MLGateObservationLog observations.log
MLGateModel "%WORK%/models/by-rate.mlg"
MLGateShadowModel weighted
MLGateExempt "%{REQUEST_URI} =~ m#^/free#"
MLGateAllow 198.51.100.0/24
END

sub traffic {
    my ($server, $n) = @_;
    for (1 .. $n) {
        my $client = $server->client("203.0.113." . int rand 30, patience => 120);
        $client->get($_) for '/', '/open.html', '/missing', '/free?q=1';
        $client->head('/');
        $client->post('/', body => 'a=b');
        $client->close;
    }
    my $operator = operator($server, patience => 120);
    for my $path ('/mlgate/', '/mlgate/stats', '/mlgate/metrics',
        '/mlgate/health', '/mlgate/client/203.0.113.1') {
        $operator->get($path);
        $operator->get($path, headers => { Accept => 'text/html' });
    }
    $operator->post("/mlgate/$_/203.0.113.200?ttl=1m") for qw(block unblock);
    $operator->close;
}

sub model_name {
    my ($name) = map { m{([^/]+)$} ? $1 : () } glob "$ENV{MLGATE_WORK}/models/*.mlg";
    return $name;
}
my $model = model_name();
$conf =~ s{models/by-rate\.mlg}{models/$model};

my $under = server(processes => $one_child, conf => $conf, start => 0,
    under => ['valgrind', '-q', '--leak-check=full', '--keep-debuginfo=yes',
        '--show-leak-kinds=definite,indirect', '--num-callers=30',
        "--log-file=$ENV{MLGATE_WORK}/valgrind.%p"]);
$under->{log}->allow(qr/./); # it is slow, and httpd says so
$under->start;
traffic($under, 15);
for (1 .. 3) {
    $under->graceful;
    traffic($under, 3);
}
$under->stop;
my (@reports, @ours);
for my $file (glob "$ENV{MLGATE_WORK}/valgrind.*") {
    open my $fh, '<', $file or next;
    local $/;
    my $text = <$fh> // '';
    $text =~ s/^==\d+== ?//mg;
    for my $report (split /\n\s*\n/, $text) {
        push @reports, $report if $report =~ /\S/;
        push @ours, $report if $report =~ /mlg|src\/(?:core|httpd|report|files)/;
    }
}
my @files = glob "$ENV{MLGATE_WORK}/valgrind.*";
cmp_ok scalar(@files), '>=', 5, scalar(@files) . ' processes ran under valgrind';
is join("\n\n", @ours), '', 'valgrind has nothing to say of the gate';
diag scalar(@reports), ' reports of valgrind in all, ', scalar(@ours), ' of the gate';

# At full speed, in KB of what is nobody's file; forks share some of it.
sub own_of {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/smaps_rollup" or return 0;
    my $kb = 0;
    /^Anonymous:\s+(\d+)/ and $kb += $1 while <$fh>;
    return $kb;
}

my $server = server(processes => $one_child, conf => $conf);
$server->{log}->allow(qr/./);
my @parent = (own_of($server->{pid}));
for my $n (1 .. 100) {
    $server->graceful;
    $server->client("203.0.113.$n")->get('/')
        and push @parent, own_of($server->{pid});
}
diag "the parent's KB at 0, 10, ... 100 restarts: @parent[map { 10 * $_ } 0 .. 10]";
cmp_ok $parent[100] - $parent[40], '<=', 64, 'sixty restarts add nothing';

wait_until('one child is left', 30, sub { $server->children == 1 });
my ($child) = $server->children;
traffic($server, 400);
my $before = own_of($child);
traffic($server, 2000);
my $after = own_of($child);
SKIP: {
    skip 'that child is gone', 1 unless $after;
    diag "a child's KB after 2,400 and after 14,400 requests: $before, $after";
    cmp_ok $after - $before, '<=', 512, '12,000 requests add nothing';
}

done;
