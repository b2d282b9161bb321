# SPDX-License-Identifier: Apache-2.0
# A swarm's refusal by the ways that an answer can take: one stream of an HTTP/2
# connection, and the site's own ErrorDocument.
use strict;
use warnings;
use MLGate::Crowd;
use MLGate::Test;
use Test::More;

plan skip_all => 'mod_http2 does not work with prefork' if mpm eq 'prefork';
plan skip_all => 'no curl with HTTP/2'
    unless qx{curl --version 2>&1} =~ /^Features:.*\bHTTP2\b/m;

my %person = ('User-Agent' => 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) '
        . 'Gecko/20100101 Firefox/140.0',
    Accept => 'text/html,application/xhtml+xml,*/*;q=0.8',
    'Accept-Language' => 'en', 'Accept-Encoding' => 'gzip, deflate, br');
my $tls_port = MLGate::Server::free_port();
my $server = watched(conf => <<'END' . tls($tls_port));
Define MLGATE_HURRY
MLGateEngine enforce
MLGateSwarm refuse
MLGateSwarmMaxShare 1
MLGateStateFile state/gate
MLGateTableSize 65536
MLGateThreshold 0.999
ErrorDocument 429 /sorry.html
Header always set X-Always yes
END
# Debian's mod_ssl and libssl are not always of one mind.
$server->{log}->allow(qr/AH01882/);
$server->{log}->expect(qr/MLG0038: a swarm: /);

# What was sent in one connection of HTTP/2, a stream each for [address, path,
# more headers]: a response per request, as curl writes it.
sub streams {
    my ($headers, @who) = @_;
    my $dir = $server->{dir};
    my @parts;
    for my $i (0 .. $#who) {
        my ($addr, $path, %more) = @{ $who[$i] };
        my %sent = (%$headers, 'X-Forwarded-For' => $addr, %more);
        push @parts, join "\n", 'http2', 'insecure', 'silent', 'show-error', 'include',
            qq{url = "https://127.0.0.1:$tls_port$path"},
            qq{output = "$dir/stream.$i"},
            map { my $v = $sent{$_} // ''; qq{header = "$_: $v"} } sort keys %sent;
    }
    open my $fh, '>', "$dir/streams" or die "streams: $!\n";
    print $fh join("\nnext\n", @parts), "\n";
    close $fh;
    system('curl', '-K', "$dir/streams") == 0 or diag "curl failed: $?";
    return map {
        my $file = "$dir/stream.$_";
        open my $in, '<', $file or die "$file: $!\n";
        local $/;
        my $text = <$in>;
        unlink $file;
        $text;
    } 0 .. $#who;
}
sub status { $_[0] =~ m{^HTTP/2 (\d+)} ? $1 : 'none' }
sub counted {
    my %n;
    $n{ status($_) }++ for @_;
    return \%n;
}

my %member = (%person, 'User-Agent' => 'Mozilla/5.0 (Linux; Android 6.0) '
        . 'AppleWebKit/537.36 Chrome/65.0.3325.181 Mobile Safari/537.36',
    'Accept-Language' => '');
my $people = crowd($server, %person);
$people->visits(20);
my @refused;
for (1 .. 100) {
    push @refused, grep { status($_) == 429 }
        streams(\%member, map { [stranger(), '/'] } 1 .. 100);
    $people->visits(4);
    last if @refused >= 200;
    select undef, undef, undef, 0.1;
}
cmp_ok scalar @refused, '>=', 200, 'a swarm over HTTP/2 is refused';

my $one = $refused[-1];
like $one, qr/sorry for you/, 'with the site\'s own words';
unlike $one, qr/^retry-after:/mi, 'for this request alone';
like $one, qr/^cache-control: no-store\r$/mi, 'and nobody else';
like $one, qr/^x-always: yes\r$/mi, 'what the site always says is said';

my @addr = map { stranger() } 1 .. 40;
my @all = streams(\%member, map { [$_, '/'] } @addr);
my ($hit) = grep { status($all[$_]) == 429 } 0 .. $#all;
is_deeply counted(streams(\%member, [$addr[$hit], '/style.css',
        Referer => "https://127.0.0.1:$tls_port/"],
    [$addr[$hit], '/open.html'])), { 200 => 2 },
    'the same connection and address go on with what people bring';
is_deeply counted(streams(\%person, map { [stranger(), '/'] } 1 .. 20)),
    { 200 => 20 }, 'another print on such a connection passes';

my $told = operator($server)->get('/mlgate/stats')->json;
is $told->{counters}{blocks}, 0, 'and nobody was blocked';
is $told->{counters}{swarm_refused}, $told->{counters}{refused},
    'each refusal is counted once, whoever wrote its page';

done;
