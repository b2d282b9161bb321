# SPDX-License-Identifier: Apache-2.0
package MLGate::Log;

# An error log that must hold nothing but what was announced. Read from where
# it ended when the object was made.
use strict;
use warnings;

my $LOUD = qr/emerg|alert|crit|error|warn/;

sub new {
    my ($class, $path, %o) = @_;
    my $at = $o{whole} ? 0 : -s $path || 0;
    return bless { path => $path, at => $at, expected => [], allowed => [] },
        $class;
}

# A line that must come, n times if said (undef: at least once).
sub expect { my ($self, $re, $n) = @_; push @{ $self->{expected} }, [$re, $n] }

# Lines that may come.
sub allow { my ($self, @re) = @_; push @{ $self->{allowed} }, @re }

sub lines {
    my ($self) = @_;
    open my $fh, '<', $self->{path} or return ();
    seek $fh, $self->{at}, 0;
    my @lines = <$fh>;
    chomp @lines;
    return @lines;
}

# What is wrong with the log, as sentences; none when all is well. What was
# announced must be there within a few seconds: a watchdog may still be at it.
sub complaints {
    my ($self, $patience) = @_;
    my $until = time + ($patience // 5);
    my @wrong;
    do {
        @wrong = $self->_complaints;
        select undef, undef, undef, 0.1 if @wrong;
    } while (@wrong && grep({ /^missing/ } @wrong) && time < $until);
    return @wrong;
}

sub _complaints {
    my ($self) = @_;
    my @lines = $self->lines;
    my @wrong;
    for my $e (@{ $self->{expected} }) {
        my ($re, $n) = @$e;
        my $found = grep { $_ =~ $re } @lines;
        push @wrong, "missing from the log: $re" if !$found && ($n // 1);
        push @wrong, "in the log $found times, not $n: $re"
            if defined $n && $found && $found != $n;
    }
    my @known = (map({ $_->[0] } @{ $self->{expected} }),
        @{ $self->{allowed} });
    for my $line (@lines) {
        next unless $line =~ /^\[[^\]]*\] \[(\w*):(\w+)\]/;
        my ($module, $level) = ($1, $2);
        next unless $level =~ /^$LOUD$/
            || ($module eq 'mlgate' && $level eq 'notice');
        push @wrong, "not announced: $line"
            unless grep { $line =~ $_ } @known;
    }
    return @wrong;
}

1;
