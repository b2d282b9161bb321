# SPDX-License-Identifier: Apache-2.0
package MLGate::Server;

# An httpd of a test's own: its configuration, its directory, its port. It is
# stopped when the object goes, when the test ends and when the test dies.
use strict;
use warnings;
use Cwd ();
use File::Path ();
use IO::Socket::IP ();
use POSIX ();
use MLGate::Client ();
use MLGate::Log ();

my $work = $ENV{MLGATE_WORK};
my $httpd = $ENV{MLGATE_HTTPD} || '/usr/sbin/apache2';
my $count = 0;
my %running;
my $next_port;

sub free_port {
    require Apache::Test;
    $next_port //= Apache::Test::vars('port') + 10;
    for (1 .. 200) {
        my $port = $next_port++;
        my $probe = IO::Socket::IP->new(LocalHost => '127.0.0.1',
            LocalPort => $port, Listen => 1, ReuseAddr => 1);
        return $port if $probe;
    }
    die "no free port above " . ($next_port - 200) . "\n";
}

my $PREAMBLE = <<'END';
ServerRoot "%DIR%"
DocumentRoot "%WORK%/t/htdocs"
Include "%WORK%/modules.conf"
Listen 127.0.0.1:%PORT%
ServerName gate.test
PidFile "%DIR%/httpd.pid"
DefaultRuntimeDir "%DIR%"
ErrorLog "%DIR%/error_log"
LogLevel warn mlgate:info
TypesConfig /etc/mime.types
KeepAliveTimeout 30
MaxKeepAliveRequests 0
GracefulShutdownTimeout 5
MLGateModel weighted
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
<Directory />
    Require all granted
</Directory>
<Location /mlgate>
    SetHandler mlgate-status
    MLGateEngine off
    Require local
</Location>
END

my $PROCESSES = <<'END';
<IfModule mpm_prefork_module>
    StartServers 4
    MinSpareServers 4
    MaxSpareServers 16
    ServerLimit 16
    MaxRequestWorkers 16
</IfModule>
<IfModule !mpm_prefork_module>
    StartServers 2
    ServerLimit 4
    ThreadsPerChild 8
    MinSpareThreads 8
    MaxSpareThreads 32
    MaxRequestWorkers 32
</IfModule>
END

# write(conf => text, processes => MPM settings): in both, and in rewrite(),
# %DIR% %WORK% %PORT% %MODULES% stand for the server's own. held => 1 lets
# processes stop or die while they hold a stripe (held.c): a file `stop` or
# `die` in its directory held/ asks for one. limit => N: no file may grow
# beyond so many KB. under => [COMMAND...]: that runs httpd.
sub write {
    my ($class, %o) = @_;
    my $n = ++$count;
    my $dir = "$work/own-$$-$n";
    File::Path::make_path("$dir/held");
    my $self = bless { dir => $dir, port => free_port(), %o, owner => $$ },
        $class;
    $self->rewrite($o{conf});
    $self->{log} = MLGate::Log->new("$dir/error_log", whole => 1);
    return $self;
}

sub rewrite {
    my ($self, $conf) = @_;
    my $text = $PREAMBLE . ($self->{processes} // $PROCESSES) . ($conf // '');
    my %var = (DIR => $self->{dir}, WORK => $work, PORT => $self->{port},
        MODULES => $ENV{MLGATE_MODULES} || '/usr/lib/apache2/modules');
    $text =~ s/%(DIR|WORK|PORT|MODULES)%/$var{$1}/g;
    open my $fh, '>', "$self->{dir}/httpd.conf" or die "httpd.conf: $!\n";
    print {$fh} $text;
    close $fh or die "httpd.conf: $!\n";
    return $self;
}

# httpd -t: (exit status, what it said)
sub check {
    my ($self) = @_;
    my $said = qx{$httpd -f "$self->{dir}/httpd.conf" -t 2>&1};
    return ($? >> 8, $said);
}

my $RESUMED = qr/resuming normal operations/;

sub start {
    my ($self) = @_;
    $self->{resumed} = () = $self->said =~ /$RESUMED/g;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        # prefork and worker stop by a signal to their whole process group;
        # and should the test be killed, its server goes, too.
        setpgrp 0, 0;
        $ENV{$_} = $self->{env}{$_} for keys %{ $self->{env} || {} };
        open STDOUT, '>>', "$self->{dir}/said";
        open STDERR, '>&', \*STDOUT;
        my @command = ($httpd, '-f', "$self->{dir}/httpd.conf",
            '-DFOREGROUND');
        unshift @command, 'prlimit', '--fsize=' . 1024 * $self->{limit}
            if $self->{limit};
        unshift @command, @{ $self->{under} } if $self->{under};
        if ($self->{held}) {
            $ENV{MLGATE_HELD} = "$self->{dir}/held";
            $ENV{LD_PRELOAD} = join ':', $ENV{LD_PRELOAD} // (),
                "$work/held.so";
        }
        { exec qw(setpriv --pdeathsig TERM), @command }
        POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $running{$pid} = $self;
    $self->wait_until_up;
    return $self;
}

sub said {
    my ($self) = @_;
    my $text = '';
    for my $file ("$self->{dir}/said", "$self->{dir}/error_log") {
        open my $fh, '<', $file or next;
        local $/;
        $text .= <$fh> // '';
    }
    return $text;
}

sub wait_until_up {
    my ($self) = @_;
    for (1 .. ($self->{under} ? 1200 : 200)) {
        # It listens before it knows whether it will start.
        my $now = () = $self->said =~ /$RESUMED/g;
        return if $now > $self->{resumed};
        if (waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid}) {
            delete $running{ delete $self->{pid} };
            die "httpd did not start: " . $self->said;
        }
        select undef, undef, undef, 0.05;
    }
    die "httpd does not answer: " . $self->said;
}

# The children that serve: direct children of the parent.
sub children {
    my ($self) = @_;
    my @pids;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $fh, '<', $stat or next;
        my $line = <$fh> // next;
        push @pids, $1 if $line =~ /^(\d+) \(.*\) [^Z] $self->{pid} /;
    }
    return @pids;
}

# A restart that is over: the parent has read the configuration anew and said
# so.
sub graceful { $_[0]->restart('USR1') }

sub restart {
    my ($self, $signal) = @_;
    my $before = () = $self->said =~ /$RESUMED/g;
    kill $signal => $self->{pid};
    for (1 .. ($self->{under} ? 1200 : 200)) {
        my $now = () = $self->said =~ /$RESUMED/g;
        return $self if $now > $before;
        select undef, undef, undef, 0.05;
    }
    die "the restart did not end: " . $self->said;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    delete $running{$pid};
    kill TERM => $pid;
    for (1 .. ($self->{under} ? 1200 : 200)) {
        return $self if waitpid($pid, POSIX::WNOHANG()) == $pid;
        select undef, undef, undef, 0.05;
    }
    kill KILL => $pid;
    waitpid $pid, 0;
    return $self;
}

# kill -9 of the parent; then of the children that it leaves behind, which
# would hold on to the port.
sub crash {
    my ($self) = @_;
    my @children = $self->children;
    my $pid = delete $self->{pid};
    delete $running{$pid};
    kill KILL => $pid;
    waitpid $pid, 0;
    kill KILL => @children;
    for (1 .. 200) {
        return $self if !grep { kill 0 => $_ } @children;
        select undef, undef, undef, 0.05;
    }
    die "children survive\n";
}

sub client {
    my ($self, $addr, %o) = @_;
    return MLGate::Client->new(addr => $addr, port => $self->{port}, %o);
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->stop if $self->{owner} == $$;
}

sub stop_all {
    local ($?, $@, $!);
    $_->{owner} == $$ && $_->stop for values %running;
}

$SIG{TERM} = $SIG{INT} = $SIG{HUP} = sub { exit 143 };
END { stop_all() }

1;
