# SPDX-License-Identifier: Apache-2.0
# Nonsense in the configuration is refused at start, in a sentence that names
# the value and the remedy.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $server = server(start => 0);
open my $bad, '>', "$server->{dir}/bad.list" or die "bad.list: $!\n";
print {$bad} "# partners\n192.0.2.1\n\nexample.org\n";
close $bad;
open my $empty, '>', "$server->{dir}/empty.list" or die "empty.list: $!\n";
close $empty;

sub verdict {
    my ($conf) = @_;
    $server->rewrite($conf);
    return $server->check;
}

for my $case (
    ['MLGateEngine on', qr/'on' is not a value for MLGateEngine.*off, observe/],
    ['MLGateEngine', qr/MLGateEngine/],
    ['MLGateEngine enforce now', qr/MLGateEngine/],
    ['MLGateThreshold high', qr/'high' is not a value.*0\.01 to 1/],
    ['MLGateThreshold 1.5', qr/'1\.5' is out of range.*0\.01 to 1/],
    ['MLGateThreshold 0', qr/'0' is out of range/],
    ['MLGateThreshold -0.5', qr/'-0\.5' is out of range/],
    ['MLGateThreshold nan', qr/'nan' is not a value/],
    ['MLGateThreshold 80%', qr/'80%' is not a value/],
    ['MLGateMinRequests 0', qr/'0' is out of range.*1 to 1000000/],
    ['MLGateMinRequests ten', qr/'ten' is not a value/],
    ['MLGateMinRequests 10.5', qr/'10\.5' is not a value/],
    ['MLGateMinRequests -3', qr/'-3' is (?:not a value|out of range)/],
    ['MLGateMinRequests 99999999999999999999', qr/'9+' is (?:not a value|out of range)/],
    ['MLGateBlockFor ten', qr/'ten' is not a value.*1s to 7d/],
    ['MLGateBlockFor 0s', qr/'0s' is out of range/],
    ['MLGateBlockFor 8d', qr/'8d' is out of range/],
    ['MLGateBlockFor "10 fortnights"', qr/'10 fortnights' is not a value/],
    ['MLGateBlockFor -5s', qr/'-5s' is (?:not a value|out of range)/],
    ['MLGateRefuseStatus 499', qr/'499' is no status that httpd can send/],
    ['MLGateBlockMax 31d', qr/'31d' is out of range.*1s to 30d/],
    ["MLGateBlockFor 2h\nMLGateBlockMax 1h",
        qr/MLGateBlockMax.*MLGateBlockFor.*raise|lower/],
    ["<Location /x>\nMLGateBlockFor 2h\nMLGateBlockMax 1h\n</Location>",
        qr/MLGateBlockMax.*MLGateBlockFor/],
    ['MLGateRefuseStatus 200', qr/'200' is out of range.*400 to 599/],
    ['MLGateRefuseStatus 600', qr/'600' is out of range/],
    ['MLGateRefuseStatus gone', qr/'gone' is not a value/],
    ['MLGateTableSize 100', qr/'100' is out of range.*4096 to 16777216/],
    ['MLGateTableSize 99999999', qr/'99999999' is out of range/],
    ['MLGateTableSize 64k', qr/'64k' is not a value/],
    ['MLGateIPv6Prefix 129', qr/'129' is out of range.*16 to 128/],
    ['MLGateIPv6Prefix 8', qr/'8' is out of range/],
    ['MLGateWeight', qr/MLGateWeight takes four arguments/],
    ['MLGateWeight burst 1 2', qr/MLGateWeight takes four arguments/],
    ['MLGateWeight speed 1 2 0.5',
        qr/'speed' is not the name of a feature.*request_rate.*burst/],
    ['MLGateWeight burst low 2 0.5', qr/'low' is not a number/],
    ['MLGateWeight burst 1 inf 0.5', qr/'inf' is not a number/],
    ['MLGateWeight burst 2 2 0.5', qr/'2 2 0\.5' is no ramp: lo and hi must differ/],
    ['MLGateWeight burst 1 2 1.5', qr/'1 2 1\.5' is no ramp.*-1 and 1/],
    ['MLGateAllow', qr/MLGateAllow/],
    ['MLGateAllow 192.0.2.300', qr/MLGateAllow: '192\.0\.2\.300': \w+/],
    ['MLGateAllow 192.0.2.0/33', qr/MLGateAllow: '192\.0\.2\.0\/33': \w+/],
    ['MLGateAllow 2001:db8::/129', qr/'2001:db8::\/129': \w+/],
    ['MLGateAllow example.org', qr/'example\.org': \w+/],
    ['MLGateAllow 192.0.2.1 nobody', qr/'nobody': \w+/],
    ['MLGateAllow ' . join(' ', map { "192.0.2.$_" } 1 .. 70) . ' nobody',
        qr/'nobody': \w+/],
    ['MLGateAllow file:missing.list', qr/cannot read 'missing\.list': No such file/],
    ['MLGateAllow file:bad.list', qr/bad\.list line 4: 'example\.org': \w+/],
    ['MLGateExempt', qr/MLGateExempt/],
    [q{MLGateExempt "%{REQUEST_URI} =="}, qr/is not an expression: .*MLGateExempt|'%\{REQUEST_URI\} ==' is not an expression/],
    [q{MLGateExempt "no_such_function('x')"}, qr/is not an expression: /],
    ['MLGateEventLog ""', qr/MLGateEventLog|is not a file or a pipe/],
    ['MLGateEventLog "|"', qr/'\|' is not a file or a pipe/],
    ['MLGateObservationLog ""', qr/MLGateObservationLog|is not a file or a pipe/],
    ['MLGateObservationLog "|"', qr/'\|' is not a file or a pipe/],
    ['MLGateModel ""', qr/'' is not a file|MLGateModel takes one argument/],
    ['MLGateModel', qr/MLGateModel takes one argument, The model/],
    ['MLGateModel a b', qr/MLGateModel takes one argument/],
    ['MLGateShadowModel ""',
        qr/'' is not a file|MLGateShadowModel takes one argument/],
    ['MLGateSwarm enforce', qr/'enforce' is not a value for MLGateSwarm\. /],
    ['MLGateSwarmThreshold 1', qr/'1' is out of range.*1\.5 to 100/],
    ['MLGateSwarmMaxShare 30', qr/'30' is out of range.*0\.01 to 1/],
    ['MLGateSpeed 9', qr/Invalid command 'MLGateSpeed'/],
    map({ ["<VirtualHost *:1>\n$_\n</VirtualHost>",
            qr/MLGate\w+ cannot occur within <VirtualHost>/] }
        'MLGateTableSize 8192', 'MLGateIPv6Prefix 64', 'MLGateEventLog x',
        'MLGateObservationLog x', 'MLGateModel weighted',
        'MLGateShadowModel off'),
    map({ ["<Location />\n$_\n</Location>",
            qr/MLGate\w+ (?:cannot occur within|not allowed|not allowed here)/] }
        'MLGateTableSize 8192', 'MLGateIPv6Prefix 64', 'MLGateEventLog x',
        'MLGateObservationLog x', 'MLGateModel weighted',
        'MLGateShadowModel off', 'MLGateWeight burst 1 2 0.5',
        'MLGateAllow 192.0.2.1'),
) {
    my ($conf, $says) = @$case;
    my ($rv, $said) = verdict($conf);
    (my $name = $conf) =~ s/\n/; /g;
    isnt $rv, 0, "refused: $name";
    like $said, $says, 'in words: ' . ($said =~ /(MLGate.*|'.*)/ ? $1 : $said);
}

for my $conf (
    '',
    'MLGateEngine Enforce',
    'MLGateThreshold 0.01', 'MLGateThreshold 1', 'MLGateThreshold .5',
    'MLGateMinRequests 1000000',
    "MLGateBlockFor 7d\nMLGateBlockMax 7d", 'MLGateBlockFor 600',
    'MLGateBlockFor 10min', 'MLGateBlockFor 90s',
    'MLGateBlockMax 30d', "MLGateBlockFor 1h\nMLGateBlockMax 1h",
    'MLGateRefuseStatus 403',
    'MLGateSwarm off', 'MLGateSwarm Observe', 'MLGateSwarm refuse',
    'MLGateSwarmThreshold 1.5', 'MLGateSwarmThreshold 100',
    'MLGateSwarmMaxShare 0.01', 'MLGateSwarmMaxShare 1',
    'MLGateTableSize 4096', 'MLGateIPv6Prefix 56',
    'MLGateWeight burst 1 2 0.5', 'MLGateWeight burst 2 1 -1',
    'MLGateAllow 192.0.2.1 192.0.2.0/24 2001:db8::/32 ::1',
    'MLGateAllow file:empty.list',
    q{MLGateExempt "%{REQUEST_METHOD} == 'OPTIONS'"},
    'MLGateEventLog events.json', 'MLGateEventLog "|/bin/cat"',
    'MLGateObservationLog observations', 'MLGateObservationLog "|/bin/cat"',
    "<Location /x>\nMLGateEngine off\nMLGateThreshold 0.5\nMLGateExempt true\n</Location>",
) {
    my ($rv, $said) = verdict($conf);
    (my $name = $conf) =~ s/\n/; /g;
    is $rv, 0, "accepted: $name" or diag $said;
}

# What only a start can find out.
$server->rewrite('MLGateEventLog no/such/dir/events.json');
ok !eval { $server->start; 1 }, 'an event log in a missing directory: no start';
like $@, qr{MLG0007.*no/such/dir/events\.json.*No such file|No such file.*MLG0007.*no/such/dir/events\.json}s,
    'and the log says why';
system('mkfifo', "$server->{dir}/fifo") == 0 or die "mkfifo\n";
$server->rewrite('MLGateObservationLog fifo');
ok !eval { $server->start; 1 }, 'an observation log in a named pipe: no start';
like $@, qr{MLG0021.*named pipe.*\|cat}, 'and what to do instead';
$server->{log}->allow(qr/MLG0007|MLG0021/, qr/AH00020|Configuration Failed/,
    qr/MLG0004/);

# .htaccess may not weaken the gate.
expect_log(qr/\.htaccess.*MLGate\w+ not allowed here/);
for my $line ('MLGateEngine off', 'MLGateThreshold 1', 'MLGateExempt true',
    'MLGateAllow 192.0.2.150', 'MLGateMinRequests 1000',
    'MLGateWeight request_rate 0 1 0') {
    open my $fh, '>', vars('documentroot') . '/htaccess/.htaccess'
        or die ".htaccess: $!\n";
    print {$fh} "$line\n";
    close $fh;
    is client('192.0.2.150')->get('/htaccess/page.html')->code, 500,
        "not in .htaccess: $line";
}
unlink vars('documentroot') . '/htaccess/.htaccess';

# httpd -L tells what each takes.
my $help = qx{$ENV{MLGATE_HTTPD} -f "$server->{dir}/httpd.conf" -L 2>&1};
for my $name (qw(Engine Threshold MinRequests BlockFor BlockMax RefuseStatus
    TableSize IPv6Prefix Model ShadowModel Weight Allow Exempt EventLog ObservationLog)) {
    like $help, qr/^MLGate$name \(\S+\)\n\t\S.*\n\tAllowed in /m,
        "httpd -L explains MLGate$name";
}

done;
