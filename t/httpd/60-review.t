# SPDX-License-Identifier: Apache-2.0
# What a hostile reviewer found once, and must not find again.
use strict;
use warnings;
use File::Path ();
use MLGate::Test;
use Test::More;
use Time::HiRes ();

my $PATIENCE = 2; # seconds for an answer that waits for nothing

sub put {
    my ($path, $text) = @_;
    File::Path::make_path($path =~ s{/[^/]*$}{}r);
    open my $fh, '>', $path or die "$path: $!\n";
    print {$fh} $text;
    close $fh or die "$path: $!\n";
}

# All that comes until the server closes; undef if it does not in time.
sub slurp {
    my ($socket, $patience) = @_;
    my $until = Time::HiRes::time() + $patience;
    my $got = '';
    while ((my $left = $until - Time::HiRes::time()) > 0) {
        vec(my $ready = '', fileno($socket), 1) = 1;
        select($ready, undef, undef, $left) or return undef;
        sysread($socket, $got, 65536, length $got) or return $got;
    }
    return undef;
}

my $server = server(start => 0, conf => <<'END');
MLGateEngine enforce
MLGateBlockFor 1h
Include "%WORK%/by-rate.conf"
DocumentRoot "%DIR%/site"
<Directory "%DIR%/site">
    AllowOverride All
</Directory>
<Location /mlgate/health>
    Require all granted
</Location>
LogFormat "%a %{MLGATE_VERDICT}e %>s %U" verdicts
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
    MLGateExempt "%{REQUEST_URI} =~ m#^/mlgate(/|$)#"
    Redirect /old /new
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName words.test
    ErrorDocument 429 /page.html
    CustomLog "%DIR%/verdicts_log" verdicts
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName api.test
    MLGateExempt "%{REQUEST_URI} =~ m#^/api/#"
    RewriteEngine On
    RewriteRule ^/api/ /a.html [PT]
</VirtualHost>
END
my $site = "$server->{dir}/site";
put("$site/$_.html", "<p>$_</p>\n") for qw(index page front a);
put("$site/books/.htaccess", "SetHandler mlgate-status\n");
put("$site/books/stats", "not ours\n");
put("$site/shop/.htaccess",
    "RewriteEngine On\nRewriteRule ^asked\$ /front.html [L]\n");
put("$site/mlgated/.htaccess", "SetHandler mlgate-status\n");
put("$site/mlgated/stats", "not ours\n");
$server->start;
$server->{log}->expect(qr/MLG0004/);

my $addr = '192.0.2.200';
expect_block($addr, $server);
my $blocked = $server->client($addr);
is each_of($blocked->burst(12)), '200 429', 'a client is blocked';

# A body that trickles in.
for my $case (['3 bytes of 60000', { 'Content-Length' => 60_000 }, 'abc'],
    ['part of a chunk', { 'Transfer-Encoding' => 'chunked' }, "ea60\r\nabc"],
    ['3 bytes for an ErrorDocument', { 'Content-Length' => 60_000,
        Host => 'words.test' }, 'abc']) {
    my ($what, $headers, $body) = @$case;
    my $slow = $server->client($addr);
    $slow->send($slow->format('POST', '/', headers => $headers) . $body);
    my $all = slurp($slow->{socket}, $PATIENCE);
    ok defined $all, "a refused client that sends $what is not waited for: "
        . 'the connection closes';
    like $all // '', qr{^HTTP/1\.1 429 }, "$what: it is answered";
    like $all // '', qr/^Connection: close\r$/mi,
        "$what: and told of the close";
    $slow->close;
}

# Whoever may write files must not read the gate's books.
my $operator = operator($server);
is $operator->get('/mlgate/stats')->code, 200, 'a <Location> opens the books';
is $operator->get('/books/stats')->content, "not ours\n",
    'a .htaccess file does not: a file is a file';
for my $path ('/books/', '/books/metrics', "/books/client/$addr",
    '/books/page.html') {
    my $answer = $operator->get($path);
    isnt $answer->code, 200, "nor does GET $path give anything";
    unlike $answer->content, qr/^\{|mlgate_/, 'not a word of ours';
}
for my $path ('/books/unblock/', '/books/stats/unblock/') {
    my $answer = $operator->post("$path$addr");
    isnt $answer->code, 200, "POST $path is not obeyed";
    unlike $answer->content, qr/^\{/, 'nor answered by us';
    is $blocked->get('/')->code, 429, 'the client stays blocked';
}
my $stranger = $server->client('192.0.2.250');
is $operator->get('/mlgated/stats')->content, "not ours\n",
    'a directory whose name begins like our <Location> is not ours';
isnt $stranger->get("/mlgated/client/$addr")->code, 200,
    'nor tells a stranger anything';
isnt $stranger->post("/mlgated/unblock/$addr")->code, 303, 'nor obeys one';
is $blocked->get('/')->code, 429, 'the client stays blocked';

# httpd warns of a handler that nobody is.
$server->{log}->allow(qr/handler "mlgate-status" not found/);

# Paths that are not yet what they will be.
for my $path ('/old', '/mlgate/../old', '/mlgate/%2e%2e/old',
    '/mlgate/.%2E/old', '/mlgate/x/../../old', '//mlgate/../old') {
    is $blocked->get($path)->code, 429,
        "an exemption of /mlgate does not let a blocked client to $path";
}
is $blocked->get('/mlgate/health')->code, 200,
    'but it does to /mlgate/health, where Require lets it';

# Verdicts after an internal redirect.
expect_block('192.0.2.201', $server);
my $reader = $server->client('192.0.2.201', host => 'words.test');
my $front = $reader->get('/shop/asked');
is $front->content, "<p>front</p>\n", 'a .htaccess file rewrites a request';
$reader->burst(12);
my $sorry = $reader->get('/');
is $sorry->code, 429, 'a blocked client is refused';
is $sorry->content, "<p>page</p>\n", 'with the ErrorDocument';
my $lines = wait_until('the access log is written', 5, sub {
    open my $fh, '<', "$server->{dir}/verdicts_log" or return undef;
    my @found = grep { /^192\.0\.2\.201 / } <$fh>;
    return @found >= 14 ? \@found : undef;
}) || [];
like $lines->[0] // '', qr/^192\.0\.2\.201 pass 200 /,
    'CustomLog has the verdict of a request that was rewritten';
is $lines->[1] // '', "192.0.2.201 pass 200 /index.html\n",
    'of one that mod_dir sent on';
like $lines->[9] // '', qr/^192\.0\.2\.201 refuse 429 /,
    'of the one that convicted, which got an ErrorDocument';
like $lines->[13] // '', qr/^192\.0\.2\.201 refuse 429 /,
    'and of one that was refused for the block';

# Names that an attacker made resolve to this server.
for my $path ('/mlgate/', '/mlgate/stats', '/mlgate/health',
    "/mlgate/client/$addr") {
    is operator($server, host => $_)->get($path)->code, 403,
        "GET $path is refused to who calls us $_"
        for 'evil.example', "evil.example:$server->{port}";
    is operator($server, host => $_)->get($path)->code, 200,
        "and answered to who calls us $_"
        for 'localhost', '127.0.0.1', "127.0.0.1:$server->{port}";
}

# A URI that is exempt as it was asked for.
my $program = $server->client('192.0.2.202', host => 'api.test');
is each_of($program->burst(30, '/api/orders')), '200',
    'a URI stays exempt though a RewriteRule makes another of it';
is $program->get('/api/orders')->content, "<p>a</p>\n", 'which is served';

# An event log that nobody reads: a pipe holds 64 KB.
my $NCLIENTS = 200;
my $stuck = server(conf => <<'END');
MLGateEventLog "|/usr/bin/sleep 300"
MLGateEngine enforce
MLGateMinRequests 3
MLGateThreshold 0.5
Include "%WORK%/by-rate.conf"
END
$stuck->{log}->expect(qr/MLG0004/);
$stuck->{log}->expect(qr/\[mlgate:notice\].*MLG0008/, $NCLIENTS);
$stuck->{log}->expect(qr/\[mlgate:warn\].*MLG0015/);
$stuck->{log}->allow(qr/long lost child came home/);
my ($slowest, %codes) = (0);
CLIENT: for my $n (1 .. $NCLIENTS) {
    my $client = $stuck->client("10.60.0.$n", patience => 5);
    for (1 .. 8) {
        my $began = Time::HiRes::time();
        my $code = eval { $client->get('/')->code } // "none: $@";
        my $took = Time::HiRes::time() - $began;
        $slowest = $took if $took > $slowest;
        $codes{$code}++;
        last CLIENT if $code !~ /^\d+$/;
    }
    $client->close;
}
is join(' ', sort keys %codes), '200 429',
    'a program that stops reading events keeps no request waiting';
cmp_ok $slowest, '<', 5, 'not one';
my $stats = stats($stuck);
is $stats->{blocked}{block}, $NCLIENTS, 'everyone was convicted';
cmp_ok $stats->{counters}{events_lost}, '>', 0, 'the lost events are counted';
cmp_ok $stats->{counters}{events_lost}, '<', $NCLIENTS,
    'and those that the pipe took are not';

done;
