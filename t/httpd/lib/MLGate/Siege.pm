# SPDX-License-Identifier: Apache-2.0
package MLGate::Siege;

# Many clients at once before a server whose children are being killed, and who
# of them lost what to whom. A client knows which child it talks to: mod_unique_id
# puts ten random bytes of the child's own into every answer (X-Child), and the
# access log says which process they belong to. So a request that fails is
#
#   own          its connection was in a child that is dead
#   first        nothing tells the process, and a child died within a quarter of
#                a second: the first one on its connection, or after an answer of
#                a child that died before it wrote its first line of the log
#   closed       only if kept connections may close (a graceful restart): the
#                connection was closed between two requests
#   uninvolved   anything else; nobody may have any of these
use strict;
use warnings;
use Exporter 'import';
use MIME::Base64 ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);
use MLGate::Client ();

our @EXPORT = qw(siege_conf besiege gather dead_children blame
    kill_child latest_sweeper);

# What a server needs to be besieged.
sub siege_conf {
    return <<'END';
LoadModule unique_id_module %MODULES%/mod_unique_id.so
Header always set X-Child "%{UNIQUE_ID}e"
LogFormat "%P %{UNIQUE_ID}e" children
CustomLog "%DIR%/children" children
END
}

# The child's own bytes in the middle of an ID: after the time, before the
# count.
sub child_of {
    my ($id) = @_;
    return '' unless defined $id && length $id >= 20;
    return unpack 'H*', substr MIME::Base64::decode_base64($id =~ tr{@-}{+/}r),
        4, 10;
}

# One process that calls $code->($self) until its time is over. It keeps a
# tally, given to gather().
sub besiege {
    my ($server, $until, $code) = @_;
    pipe my $from, my $to or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        close $from;
        srand $$;
        my $self = bless { server => $server, ok => 0, failed => [], since => time,
            silence => 0, slowest => 0, blocked => {}, code => {}, sent => {} },
            __PACKAGE__;
        my $parent = getppid;
        eval {
            $code->($self) while !$until->() && getppid == $parent;
            1;
        } or $self->{died} = $@;
        delete $self->{$_} for qw(server client);
        print {$to} JSON::PP->new->canonical->encode({%$self});
        close $to;
        POSIX::_exit(0);
    }
    close $to;
    return [$pid, $from];
}

# The tallies of all.
sub gather {
    return map {
        local $/;
        my $line = readline $_->[1];
        waitpid $_->[0], 0;
        my $tally = JSON::PP::decode_json($line || '{"died":"said nothing"}');
        die "a sender died: $tally->{died}\n" if defined $tally->{died};
        $tally;
    } @_;
}

# One request of an address on a connection that is kept for 20 of them, or as
# many as {per} says: a machine has 28,000 ports for a minute. @return the response,
# or nothing when it failed
sub visit {
    my ($self, $addr, %o) = @_;
    my $begun = time;
    if (!$self->{client} || $self->{visits}-- <= 0) {
        $self->{client} = $self->{server}->client($addr, patience => 20,
            host => $o{host} // 'calm.test');
        @$self{qw(visits child opened)} = ($self->{per} // 20, '', $begun);
    }
    $self->{sent}{$addr}++;
    my $response = eval {
        $self->{client}->get($o{path} // '/', headers => {
            'X-Forwarded-For' => $addr, Host => $o{host} // 'calm.test',
            %{ $o{headers} || {} } });
    };
    my $now = time;
    if (!$response) {
        push @{ $self->{failed} }, { why => $@ =~ s/\n//r, at => $now,
            opened => $self->{opened}, child => $self->{child} };
        delete $self->{client};
        return;
    }
    $self->{child} = child_of($response->header('X-Child'));
    $self->{code}{ $response->code }++;
    if ($response->code >= 500) {
        push @{ $self->{failed} }, { why => 'status ' . $response->code,
            at => $now, opened => $self->{opened}, child => $self->{child} };
        return $response;
    }
    $self->{ok}++;
    $self->{slowest} = $now - $begun if $now - $begun > $self->{slowest};
    $self->{silence} = $now - $self->{since}
        if $now - $self->{since} > $self->{silence};
    $self->{since} = $now;
    return $response;
}

# Kill a child, and remember that: httpd says nothing of SIGKILL.
sub kill_child {
    my ($server, $pid) = @_;
    $pid && kill KILL => $pid or return 0;
    open my $fh, '>>', "$server->{dir}/held/died" or die "died: $!\n";
    print {$fh} "$pid ", time, "\n";
    return 1;
}

# When which child was killed, by kill_child() or by itself (held.c): {pid =>
# time}.
sub dead_children {
    my ($server) = @_;
    open my $fh, '<', "$server->{dir}/held/died" or return {};
    return { map { split } <$fh> };
}

# Sort the failures of all tallies. @return {own => n, first => n, closed => n,
# uninvolved => [texts]}
sub blame {
    my ($server, $tallies, %o) = @_;
    my $dead = dead_children($server);
    my %pid;
    open my $fh, '<', "$server->{dir}/children" or die "children: $!\n";
    while (<$fh>) {
        my ($pid, $id) = split;
        $pid{ child_of($id) } = $pid;
    }
    my %sum = (own => 0, first => 0, closed => 0, uninvolved => []);
    for my $f (map { @{ $_->{failed} } } @$tallies) {
        my $is_broken = $f->{why} =~ /^(?:connection closed|send)/;
        my $pid = $pid{ $f->{child} };
        if ($is_broken && defined $pid && $dead->{$pid}) {
            $sum{own}++;
        }
        elsif ($is_broken && !defined $pid && grep {
            $_ > $f->{opened} - 0.25 && $_ < $f->{at} + 0.25 } values %$dead) {
            $sum{first}++;
        }
        elsif ($is_broken && $o{may_close} && $f->{child} ne '') {
            $sum{closed}++;
        }
        else {
            push @{ $sum{uninvolved} }, "$f->{why} (child "
                . ($pid // "'$f->{child}'") . ", after "
                . sprintf('%.3f s)', $f->{at} - $f->{opened});
        }
    }
    return \%sum;
}

# The process that reported the end of a block last.
sub latest_sweeper {
    my ($server) = @_;
    my $pid;
    /\[pid (\d+)[^]]*\].*MLG0011/ and $pid = $1 for $server->{log}->lines;
    return $pid;
}

1;
