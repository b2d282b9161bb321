# SPDX-License-Identifier: Apache-2.0
# HTTP/2: every stream is a request, and a refusal is one stream's answer.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

plan skip_all => 'mod_http2 does not work with prefork' if mpm eq 'prefork';

my $dir = $ENV{MLGATE_WORK};
system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=gate.test "
    . "-keyout $dir/key.pem -out $dir/cert.pem >/dev/null 2>&1") == 0
    or die "openssl cannot make a certificate\n";

my $tls_port = MLGate::Server::free_port();
my $server = server(conf => <<"END");
LoadModule ssl_module %MODULES%/mod_ssl.so
SSLSessionCache none
Protocols h2 h2c http/1.1
MLGateEngine enforce
Include "%WORK%/by-rate.conf"
Listen 127.0.0.1:$tls_port
<VirtualHost 127.0.0.1:$tls_port>
    ServerName gate.test
    SSLEngine on
    SSLCertificateFile "%WORK%/cert.pem"
    SSLCertificateKeyFile "%WORK%/key.pem"
</VirtualHost>
END
$server->{log}->expect(qr/MLG0004/);
# Debian's mod_ssl and libssl are not always of one mind.
$server->{log}->allow(qr/AH01882/, qr/AH01909/);

# The statuses of n requests over one connection, one after the other.
sub curl {
    my ($how, $addr, $n) = @_;
    my $url = $how =~ /prior/ ? "http://127.0.0.1:$server->{port}"
        : "https://127.0.0.1:$tls_port";
    my @said = split /\n/, qx{curl -sk --max-time 60 $how -o /dev/null \\
        -w '%{http_version} %{http_code} %{num_connects}\\n' \\
        -H 'Accept: text/html' -H 'X-Forwarded-For: $addr' \\
        '$url/open.html?[1-$n]'};
    return map { [split] } @said;
}

my $octet = 170;
for my $case (['--http2-prior-knowledge', 'h2c'], ['--http2', 'h2 over TLS']) {
    my ($how, $what) = @$case;
    my $addr = '192.0.2.' . $octet++;
    expect_block($addr, $server);
    my $before = stats($server)->{counters};
    my @streams = curl($how, $addr, 20);
    is scalar(@streams), 20, "$what: twenty streams";
    is each_of(map { $_->[0] } @streams), '2', "$what: it is HTTP/2";
    is $streams[0][2] + grep({ $_->[2] } @streams[1 .. 19]), 1,
        "$what: on one connection";
    is each_of(map { $_->[1] } @streams[0 .. 8]), '200',
        "$what: nine streams pass";
    is each_of(map { $_->[1] } @streams[9 .. 19]), '429',
        "$what: the rest is refused";
    my $after = stats($server)->{counters};
    is $after->{requests} - $before->{requests}, 20,
        "$what: streams are counted, one by one";
    cmp_ok record($addr, $server)->{features}{http2_share}, '==', 1,
        "$what: and known to be HTTP/2";
    my @neighbour = curl($how, '192.0.2.' . $octet++, 3);
    is each_of(map { $_->[1] } @neighbour), '200', "$what: a neighbour passes";
}

SKIP: {
    skip 'no h2load', 2 unless qx{command -v h2load};
    my $addr = '192.0.2.' . $octet;
    expect_block($addr, $server);
    my $said = qx{h2load -n 60 -c 1 -m 20 -H 'x-forwarded-for: $addr' \\
        'http://127.0.0.1:$server->{port}/open.html' 2>&1};
    my ($ok, $refused) = $said =~ /status codes: (\d+) 2xx, \d+ 3xx, (\d+) 4xx/;
    is +($ok // 0) + ($refused // 0), 60, 'streams at once are all answered'
        or diag $said;
    cmp_ok $ok, '<', 30, 'and most of a burst of streams are refused';
}

done;
