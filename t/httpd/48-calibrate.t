# SPDX-License-Identifier: Apache-2.0
# MLGateThreshold auto and MLGateProfile: before the gate knows its site it
# refuses what no person does and nobody else; with a profile it refuses by it.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use JSON::PP ();
use MLGate::Model qw(put lines);
use MLGate::Test;
use Test::More;

my $ctl = "$ENV{MLGATE_WORK}/mlgatectl";

# ---- profiles

my $server = server(start => 0);
my $dir = $server->{dir};

# People who read for two days, and a scanner.
sub access_log {
    my @line;
    my @month = qw(Jan);
    for my $day (26, 27) {
        for my $person (1 .. 30) {
            my $ip = "192.0.$person.2";
            my $s = 60 * $person;
            for my $page (1 .. 4) {
                my $at = sub { sprintf '%d/Jan/2024:12:%02d:%02d +0000', $day,
                    int($_[0] / 60), $_[0] % 60 };
                my $t = $s + 10 * $page;
                push @line, [$day, $t, qq($ip - - [@{[$at->($t)]}] "GET /page/$page HTTP/1.1" 200 900 "-" "Mozilla/5.0 (X11) Firefox/120.0")];
                push @line, [$day, $t + 1, qq($ip - - [@{[$at->($t + 1)]}] "GET /$_.css HTTP/1.1" 200 90 "http://gate.test/page/$page" "Mozilla/5.0 (X11) Firefox/120.0")]
                    for 'a' .. 'd';
            }
        }
    }
    return join '', map { "$_->[2]\n" }
        sort { $a->[0] <=> $b->[0] || $a->[1] <=> $b->[1] } @line;
}
put("$dir/access.log", access_log());
my $said = qx{$ctl calibrate --quiet --model weighted -o "$dir/site.profile" "$dir/access.log" 2>&1};
is $?, 0, 'mlgatectl calibrate makes a profile' or diag $said;
like $said, qr/^Calibrated\.$/m, 'and says so';
my ($threshold) = join('', lines("$dir/site.profile")) =~ /^threshold (\S+)$/m;
ok $threshold, "its threshold is $threshold";

sub sealed { my $text = shift; return "${text}end " . sha256_hex($text) . "\n" }
my $sound = join '', lines("$dir/site.profile");
(my $bare = $sound) =~ s/^end .*\n\z//m;
put("$dir/flipped.profile", $sound =~ s/trusted /trusted 1/r);
put("$dir/cut.profile", substr $sound, 0, 300);
put("$dir/text.profile", "MLGateThreshold 0.8\n");
put("$dir/version.profile", sealed($bare =~ s/^mlgate-profile 1/mlgate-profile 7/r));
put("$dir/features.profile", sealed($bare =~ s/^features .*/features 0123456789abcdef/mr));
put("$dir/range.profile", sealed($bare =~ s/^threshold .*/threshold 1.5/mr));
put("$dir/word.profile", sealed($bare =~ s/^share/shore/mr));
put("$dir/missing.profile", sealed($bare =~ s/^span .*\n//mr));
put("$dir/other.profile", sealed($bare =~ s/^model .*/model 0123456789abcdef/mr));

my %why = (
    none => qr/No such file or directory/, flipped => qr/its checksum differs/,
    cut => qr/cut short/, text => qr/line 1: a profile begins with/,
    version => qr/line 1: a profile of a format that this build does not know/,
    features => qr/made for another list of features/,
    range => qr/line 6: a value is missing, too much or out of range/,
    word => qr/line \d+: no line of a profile begins so/,
    missing => qr/its line span is missing/,
);
for my $name (sort keys %why) {
    my ($rv, $said) = $server->rewrite("MLGateProfile $name.profile")->check;
    isnt $rv, 0, "httpd -t refuses MLGateProfile $name.profile";
    my ($line) = $said =~ /(MLG0027.*)/;
    like $line // $said, qr{MLGateProfile \Q$dir\E/$name\.profile: .*$why{$name}},
        'and says why';
    like $line // '', qr/make it with mlgatectl calibrate/, 'and what to do';
}
my ($rv, $warned) = $server->rewrite('MLGateProfile other.profile')->check;
is $rv, 0, 'a profile of another model stops nothing';
like $warned, qr/warn.*MLG0028: .*made for another model .*calibrating anew/,
    'but is warned of';
($rv, $warned) = $server->rewrite(
    "MLGateProfile site.profile\nMLGateThreshold 0.7")->check;
is $rv, 0, 'a profile beside a number stops nothing';
like $warned, qr/warn.*MLG0033: MLGateProfile \S+ has no effect: every virtual host has a number/,
    'but is warned of';
for (["MLGateProfile site.profile", 'alone'],
    ["MLGateProfile site.profile\nMLGateThreshold auto", 'beside auto'],
    ['MLGateThreshold 0.7', 'a number alone']) {
    ($rv, $warned) = $server->rewrite($_->[0])->check;
    unlike $warned, qr/MLG0033/, "no warning: $_->[1]";
}
for (['MLGateThreshold auto', 0], ['MLGateThreshold AUTO', 0],
    ['MLGateThreshold 0', 1], ['MLGateThreshold automatic', 1],
    ['MLGateThresholdDrift 0', 0], ['MLGateThresholdDrift 0.5', 0],
    ['MLGateThresholdDrift 0.6', 1], ['MLGateThresholdDrift auto', 1],
    ['MLGateProfile site.profile', 0], ['MLGateProfile "|cat"', 1]) {
    my ($conf, $want) = @$_;
    ($rv, $said) = $server->rewrite($conf)->check;
    is !!$rv, !!$want, ($want ? 'refused: ' : 'accepted: ') . $conf
        or diag $said;
}

# What mlgatectl replay makes of a server's observations.
sub replayed {
    my ($of) = @_;
    my $json = qx{$ctl replay --json --quiet --config "$of->{dir}/httpd.conf" "$of->{dir}/observations"};
    return JSON::PP->new->utf8->decode($json);
}

# ---- before it knows its site

my $gate = server(conf => <<'END');
MLGateEngine enforce
MLGateThreshold auto
MLGateTableSize 4096
MLGateWeight request_rate 0 1 1
MLGateObservationLog "%DIR%/observations"
ExtendedStatus On
<Location /strict>
    MLGateThreshold 0.5
</Location>
END
$gate->{log}->expect(qr/MLG0004: .*threshold auto \(calibrating: only a flood/);
$gate->{log}->allow(qr/MLG0008/);
my $busy = $gate->client('192.0.2.1');
is each_of(map { $busy->get("/?$_")->code } 1 .. 300), '200',
    'a busy client whose score is 1 is let through';
is record('192.0.2.1', $gate)->{score}, 1, 'it is';
my $flood = $gate->client('192.0.2.2');
my @code = $flood->burst(600);
is each_of(@code), '200 429', 'a flood is refused on the first day';
cmp_ok scalar(grep { $_ == 200 } @code), '>=', 399, 'not before the floor';
my ($blocked) = grep { /MLG0008: blocked 192\.0\.2\.2 / } $gate->{log}->lines;
like $blocked, qr/has not yet learned this site: only a flood is refused/,
    'the log says why by nothing but this';
like $blocked, qr/no person does that on any site/, 'in words';
my $strict = $gate->client('192.0.2.3');
is each_of(map { $strict->get("/strict?$_")->code } 1 .. 40), '404 429',
    'where a section gives a threshold it holds';
my $calibration = stats($gate)->{calibration};
is $calibration->{state}, 'calibrating', '/stats says that it is calibrating';
is $calibration->{threshold}, undef, 'and that there is no threshold';
like $calibration->{says}, qr/^calibrating, \d+ %/, 'in words, too';
is operator($gate)->get('/mlgate/')->json->{threshold}, undef,
    'the root says so';
like operator($gate)->get('/mlgate/metrics')->content,
    qr/^mlgate_calibration_progress 0/m, '/metrics has the progress';
unlike operator($gate)->get('/mlgate/metrics')->content,
    qr/^mlgate_threshold /m, 'and no threshold';
like operator($gate, headers => { Accept => 'text/html' })->get('/mlgate/')
    ->content, qr/calibrating, 0 %/, 'the page shows it';
$gate->stop;
my $report = replayed($gate);
is_deeply [@{ $report->{parity} }{qw(scores_differ vectors_differ verdicts_differ)}],
    [0, 0, 0], 'a replay judges as the server did';
cmp_ok $report->{parity}{compared}, '>', 500, 'of many';

# ---- with a model from a file

my $forest = server(conf => <<'END2');
MLGateEngine enforce
MLGateModel "%WORK%/models/rate.mlg"
END2
$forest->{log}->expect(qr/MLG0004: .*threshold auto \(calibrating/);
is stats($forest)->{calibration}{auto}, JSON::PP::true(),
    'a model from a file is fitted to the site by itself';
my $reader = $forest->client('192.0.2.1');
is each_of(map { $reader->get("/?$_")->code } 1 .. 60), '200',
    'and till then its own threshold refuses nobody';
$forest->stop;

# ---- with a profile

my $site = server(start => 0, conf => '');
put("$site->{dir}/site.profile", $sound);
$site->rewrite(<<'END');
MLGateEngine enforce
MLGateProfile site.profile
MLGateTableSize 4096
MLGateObservationLog "%DIR%/observations"
END
$site->start;
$site->{log}->expect(qr/MLG0004: .*threshold 0\.\d+ \(auto, profile; between/);
$site->{log}->allow(qr/MLG0008/);
my $scan = $site->client('192.0.2.9');
@code = map { $scan->get("/none/$_")->code } 1 .. 120;
like each_of(@code), qr/^404 429$/, 'a scanner is refused';
$calibration = stats($site)->{calibration};
is $calibration->{state}, 'calibrated', '/stats: calibrated';
is $calibration->{by}, 'profile', 'by the profile';
cmp_ok abs($calibration->{threshold} - $threshold), '<', 1e-5,
    'its threshold is in force';
cmp_ok $calibration->{low}, '<', $calibration->{anchor}, 'within bounds';
ok defined $calibration->{load}{usual_for_this_hour},
    'the usual load is known';
$site->{log}->expect(qr/MLG0004: .*generation 1/);
$scan->close; # worker's old child waits for it and hears no SIGTERM meanwhile
$site->graceful;
is stats($site)->{calibration}{by}, 'profile', 'a graceful restart keeps it';
$site->stop;
$report = replayed($site);
is_deeply [@{ $report->{parity} }{qw(scores_differ vectors_differ verdicts_differ)}],
    [0, 0, 0], 'parity holds with popular paths from a profile';
done();
