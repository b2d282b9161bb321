# SPDX-License-Identifier: Apache-2.0
package MLGate::Crowd;

# Thousands of clients over one kept connection: each request is another's, by
# X-Forwarded-For. Addresses never come twice, and are spread over networks as
# the Internet's are. A site that was watched for days is a state file
# (t/httpd/town.c); watched() makes a server begin with it.
use strict;
use warnings;
use Exporter 'import';
use File::Copy ();
use MLGate::Client ();
use MLGate::Test qw(server);

our @EXPORT = qw(watched crowd stranger tally);

my $random = 20111;
sub draw {
    my ($below) = @_;
    $random = ($random * 1103515245 + 12345) & 0x7fffffff;
    return ($random >> 8) % $below;
}

my %met;
sub stranger {
    while (1) {
        my $addr = join '.', 11 + draw(80), draw(256), draw(256), 1 + draw(250);
        return $addr unless $met{$addr}++;
    }
}

# A server of the test's own that has watched a site for days.
sub watched {
    my (%o) = @_;
    my $server = server(%o, start => 0);
    $server->{log}->expect(qr/MLG0034: took up/);
    $server->{log}->allow(qr/MLG0004/);
    mkdir "$server->{dir}/state", 0700;
    File::Copy::copy("$ENV{MLGATE_WORK}/town.state", "$server->{dir}/state/gate")
        or die "town.state: $!\n";
    chmod 0600, "$server->{dir}/state/gate";
    return $server->start;
}

# crowd($server, headers): who they claim to be. An undefined one is left out.
sub crowd {
    my ($server, %headers) = @_;
    return bless { client => MLGate::Client->new(port => $server->{port}),
        headers => \%headers }, __PACKAGE__;
}

# One request of each of these: [address, path, more headers]. The answers.
sub ask {
    my ($self, @who) = @_;
    my @answers;
    while (my @some = splice @who, 0, 50) {
        push @answers, $self->{client}->pipeline(map {
            my ($addr, $path, %more) = @$_;
            ['GET', $path, headers => { %{ $self->{headers} },
                'X-Forwarded-For' => $addr, %more }]
        } @some);
    }
    return @answers;
}

# A page each, asked for by so many who were never here.
sub pages {
    my ($self, $n, $path, %more) = @_;
    return $self->ask(map { [stranger(), $path // '/', %more] } 1 .. $n);
}

# People: a page, and what the page needs. The answers to the pages.
sub visits {
    my ($self, $n, $path, %more) = @_;
    $path //= '/';
    my @who = map { [stranger(), $path, %more] } 1 .. $n;
    my @answers = $self->ask(@who);
    $self->ask(map { [$_->[0], '/style.css',
        Referer => "http://gate.test$path"] } @who);
    return @answers;
}

# { status => how often }
sub tally {
    my %n;
    $n{ $_->code }++ for @_;
    return \%n;
}

1;
