# SPDX-License-Identifier: Apache-2.0
package MLGate::Test;

# What every .t uses. A test ends with done(): it fails the file if an error
# log holds a line (level warn or above, mod_mlgate's at notice or above) that
# was not announced, or lacks one that was.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use Test::More ();
use Exporter 'import';
use MLGate::Client ();
use MLGate::Log ();
use MLGate::Server ();

our @EXPORT = qw(client server operator stats record expect_log allow_log
    expect_block log_lines wait_until have mpm vars done each_of tls);

sub vars { Apache::Test::vars(@_) }
sub mpm { $ENV{MLGATE_MPM} }

my $log = MLGate::Log->new(vars('t_logs') . '/error_log');
my @servers;

# A client of the shared server that is known by this address.
sub client {
    my ($addr, %o) = @_;
    return MLGate::Client->new(addr => $addr, port => vars('port'), %o);
}

# A server of the test's own, started. start => 0: only its files.
sub server {
    my (%o) = @_;
    my $server = MLGate::Server->write(%o);
    push @servers, $server;
    $server->start if $o{start} // 1;
    return $server;
}

# Who asks the status handler: nobody's proxy, on the machine itself.
sub operator {
    my ($where, %o) = @_;
    return MLGate::Client->new(
        port => $where ? $where->{port} : vars('port'),
        headers => { Accept => 'application/json' }, %o);
}

sub stats { operator($_[0])->get('/mlgate/stats')->json }

sub record {
    my ($addr, $where) = @_;
    return operator($where)->get("/mlgate/client/$addr")->json;
}

sub expect_log { $log->expect(@_) }
sub allow_log { $log->allow(@_) }
sub log_lines { $log->lines }

# This address gets blocked here, once, and the log says so in one line.
sub expect_block {
    my ($addr, $where) = @_;
    ($where ? $where->{log} : $log)
        ->expect(qr/\[mlgate:notice\].*MLG0008.*(?<![\d.:])\Q$addr\E(?![\d.])/, 1);
}

# Is there such a program?
sub have {
    my ($program) = @_;
    return scalar grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

# Configuration by which gate.test is served on this port with TLS and HTTP/2.
sub tls {
    my ($port) = @_;
    my $dir = $ENV{MLGATE_WORK};
    -e "$dir/cert.pem" or system('openssl req -x509 -newkey rsa:2048 -nodes '
        . '-days 2 -subj /CN=gate.test -addext basicConstraints=CA:FALSE '
        . "-keyout $dir/key.pem -out $dir/cert.pem >/dev/null 2>&1") == 0
        or die "openssl cannot make a certificate\n";
    return <<"END";
LoadModule ssl_module %MODULES%/mod_ssl.so
SSLSessionCache shmcb:%DIR%/tls(65536)
Protocols h2 h2c http/1.1
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
    ServerName gate.test
    SSLEngine on
    SSLCertificateFile "%WORK%/cert.pem"
    SSLCertificateKeyFile "%WORK%/key.pem"
</VirtualHost>
END
}

# Wait for something to become true; it must within `patience` seconds.
sub wait_until {
    my ($what, $patience, $code) = @_;
    my $until = time + $patience;
    while (1) {
        my $found = $code->();
        return $found if $found;
        last if time > $until;
        select undef, undef, undef, 0.1;
    }
    Test::More::diag("gave up after $patience s waiting until $what");
    return 0;
}

# The distinct values of a list: each_of(200, 200, 429) is "200 429".
sub each_of { my %seen; return join ' ', grep { !$seen{$_}++ } @_ }

sub done {
    my @wrong = $log->complaints;
    for my $server (@servers) {
        $server->stop;
        push @wrong, $server->{log}->complaints;
    }
    Test::More::is(join("\n", @wrong), '',
        'the error log holds what was announced and nothing else');
    Test::More::done_testing();
}

1;
