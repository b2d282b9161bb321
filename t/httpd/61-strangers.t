# SPDX-License-Identifier: Apache-2.0
# Who may do what: what strangers write reaches operators as text, what the
# gate writes is nobody else's to read, and lies where it was told to.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $server = server(start => 0, conf => <<'END');
MLGateEngine enforce
MLGateEventLog gate/events.json
MLGateObservationLog gate/observations.log
Include "%WORK%/by-rate.conf"
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
</VirtualHost>
END
my $dir = $server->{dir};
mkdir "$dir/gate" or die "gate: $!\n";
umask 0; # whatever the administrator's is
$server->start;
$server->{log}->expect(qr/MLG0004/);

sub text_of {
    my ($path) = @_;
    open my $fh, '<:raw', $path or die "$path: $!\n";
    local $/;
    return scalar <$fh>;
}

# A flood whose every word is meant for somebody's screen.
my $markup = q{</script><script>alert(1)</script>"'&};
my $control = "\e[2J\e]0;owned\x07\x9b31m";
expect_block('192.0.2.160', $server);
my $evil = $server->client('192.0.2.160', headers => {
    'User-Agent' => $markup . ($control =~ tr/\x00-\x1f//dr),
    Referer => "http://$markup/", Cookie => "sid=$markup",
    'X-Request-Id' => $markup });
my @codes = map { $evil->get('/' . '%3Cscript%3E' . $_
    . '?q=%1b%5b2J' . '%22%7d%0a')->code } 1 .. 30;
is $codes[-1], 429, 'a flood of markup and control characters is refused';
my $page = $evil->get('/%3Cscript%3Ealert(1)')->content;
unlike $page, qr/<script|alert\(/i, 'its answer says nothing it sent';

# An operator, or somebody who speaks for one, has a way with words, too.
$server->{log}->expect(qr/MLG0010/, 1);
my $operator = operator($server);
is $operator->post('/mlgate/block/192.0.2.161?reason='
    . '%3Cscript%3Ealert(1)%3C/script%3E%22%27%26%5C')->code, 200,
    'a reason may hold markup';
is $operator->post('/mlgate/block/192.0.2.162?reason=%1b%5b2J')->code, 400,
    'but no control character';
is $operator->post('/mlgate/block/192.0.2.162?reason=%ff%fe')->code, 400,
    'and is UTF-8';
for my $odd ('..%2f..%2fetc%2fpasswd', '%3Cscript%3E', '192.0.2.1%00', '%1b%5b2J',
    '-1', '1' x 3000) {
    my $response = $operator->post("/mlgate/block/$odd");
    cmp_ok $response->code, '>=', 400, "no order about " . substr $odd, 0, 30;
    unlike $response->content, qr/[\x00-\x09\x0b-\x1f\x7f]/,
        'and its answer repeats nothing raw';
    ok $response->header('Content-Type') !~ /html/
        && $response->header('X-Content-Type-Options') eq 'nosniff',
        'nor as markup' if $response->content =~ /^\s*\{/;
}

for my $path ('/mlgate/', '/mlgate/stats', '/mlgate/health',
    '/mlgate/client/192.0.2.160', '/mlgate/client/192.0.2.161') {
    my $response = $operator->get($path);
    my $json = $response->content;
    like $response->header('Content-Type'), qr{^application/}, "$path: for programs";
    is $response->header('X-Content-Type-Options'), 'nosniff', "$path: no guessing";
    unlike $json, qr/[\x00-\x09\x0b-\x1f\x7f]/, "$path: no control character";
    ok eval { JSON::PP->new->utf8->decode($json) }, "$path: is JSON" or diag $@;
}
my $html = $operator->get('/mlgate/', headers => { Accept => 'text/html' });
like $html->header('Content-Type'), qr/html/, 'the page is for people';
like $html->content, qr/192\.0\.2\.161/, 'and tells of the block';
unlike $html->content, qr/<script>alert|<\/script>"'/i,
    'with no markup but its own';
my $metrics = $operator->get('/mlgate/metrics')->content;
is_deeply [grep { !/^(?:#.*|mlgate_\w+(?:\{(?:\w+="[^"\\]*",?)+\})? \S+|)$/ }
    split /\n/, $metrics], [], 'metrics: nothing but names and numbers';

my $ctl = "$ENV{MLGATE_WORK}/mlgatectl";
for my $command ('status', 'explain 192.0.2.160', 'explain 192.0.2.161') {
    my $said = qx{MLGATE_URL=http://127.0.0.1:$server->{port}/mlgate $ctl $command 2>&1};
    unlike $said, qr/[\x00-\x08\x0b-\x1f\x7f]|\x9b/,
        "mlgatectl $command: nothing of it reaches the terminal raw";
}
for my $line (grep { /mlgate:/ } $server->{log}->lines) {
    next unless $line =~ /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
    fail "raw in the error log: $line";
}
for my $log ("$dir/gate/events.json", "$dir/gate/observations.log") {
    unlike text_of($log), qr/[\x00-\x08\x0b-\x1f\x7f]/,
        "$log holds text only, one line each";
    is sprintf('%04o', (stat $log)[2] & 07777), '0600',
        'and is its owner\'s alone, whatever the umask';
}

# What is open for writing, in any process, lies where it was told to.
my @elsewhere;
for my $pid ($server->{pid}, $server->children) {
    for my $fd (glob "/proc/$pid/fd/*") {
        my $to = readlink $fd or next;
        my ($number) = $fd =~ m{(\d+)$};
        open my $fh, '<', "/proc/$pid/fdinfo/$number" or next;
        my ($flags) = join('', <$fh>) =~ /^flags:\s*([0-7]+)/m;
        next if (oct($flags) & 3) == 0 || $to !~ m{^/} || $to =~ m{^/dev/};
        push @elsewhere, $to unless $to =~ m{^\Q$dir\E/}
            || $to =~ m{^\Q$ENV{MLGATE_WORK}\E/} || $to =~ / \(deleted\)$/;
    }
}
is "@elsewhere", '', 'nothing else is open for writing';
my @made = sort map { s{^\Q$dir\E/}{}r } grep { -f } glob "$dir/* $dir/gate/*";
is_deeply [grep { !/^(?:httpd\.conf|httpd\.pid|error_log|said|gate\/.*)$/ } @made],
    [], 'and no file was made that nobody asked for';

done;
