# SPDX-License-Identifier: Apache-2.0
# Many clients with one request each, before a real httpd and through
# mod_remoteip: a swarm is refused with an ID and no block, and everybody who
# brings what people bring passes beside it. Begin, end and a verdict that is
# held back are told wherever an operator looks.
use strict;
use warnings;
use JSON::PP ();
use MLGate::Crowd;
use MLGate::Test;
use Test::More;

my $ctl = "$ENV{MLGATE_WORK}/mlgatectl";
my $hostile = q{Mozilla/5.0 (Linux; Android 6.0; <script>alert(1)</script> }
    . q{"'&\\ Build/X) Chrome/65.0.3325.181 </td><img src=x onerror=alert(2)>};
my %member = ('User-Agent' => $hostile, Accept => '*/*',
    'Accept-Language' => undef, 'Accept-Encoding' => 'gzip');
my %person = ('User-Agent' => 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) '
        . 'Gecko/20100101 Firefox/140.0',
    Accept => 'text/html,application/xhtml+xml,*/*;q=0.8',
    'Accept-Language' => 'en', 'Accept-Encoding' => 'gzip, deflate, br');
my $conf = <<'END';
Define MLGATE_HURRY
MLGateEngine enforce
MLGateSwarm refuse
MLGateSwarmMaxShare 1
MLGateStateFile state/gate
MLGateEventLog events
MLGateTableSize 65536
MLGateThreshold 0.999
ExtendedStatus On
<Location /server-status>
    SetHandler server-status
    MLGateEngine off
</Location>
END

sub events {
    my ($server, $name) = @_;
    open my $fh, '<', "$server->{dir}/events" or return;
    return grep { $_->{event} eq $name } map { JSON::PP->new->decode($_) } <$fh>;
}
sub swarms { operator($_[0])->get('/mlgate/swarms')->json }
sub counter { stats($_[0])->{counters}{ $_[1] } }

# Members and people, until $until says so. All answers to pages of members.
sub besiege {
    my ($members, $people, $until) = @_;
    my @answers;
    for (1 .. 250) {
        push @answers, $members->pages(40);
        $people->visits(2) if $_ % 2;
        last if $until->(\@answers);
        select undef, undef, undef, 0.1;
    }
    return @answers;
}
sub refused { scalar grep { $_->code == 429 } @{ $_[0] } }

# ---- refused

my $server = watched(conf => $conf);
my $log = $server->{log};
$log->expect(qr/mlgate:notice.*MLG0038: a swarm: /);
my $members = crowd($server, %member);
my $people = crowd($server, %person);
is_deeply tally($people->visits(20)), { 200 => 20 }, 'people come';
my @answers = besiege($members, $people, sub { refused($_[0]) >= 200 });
cmp_ok refused(\@answers), '>=', 200, 'a swarm is refused: '
    . refused(\@answers) . ' of ' . @answers;
my ($first) = grep { $_->code == 429 } @answers;
my ($id) = $first->content =~ /"reference":"([0-9a-f]{16})"/;
ok $id, 'with a reference';
like $first->content, qr/its address is not blocked/, 'and a reason';
is $first->header('Retry-After'), undef, 'that holds for this request alone';
is $first->header('Cache-Control'), 'no-store', 'and for nobody else';
my ($html) = grep { $_->code == 429 }
    $members->pages(60, '/', Accept => 'text/html');
like $html->content, qr/Your address is not blocked/, 'a browser reads it as well';

# Nobody is blocked: one that was refused fetches something else.
my @again = map { stranger() } 1 .. 600;
my @refused = map { $_->[1] } grep { $_->[0]->code == 429 } do {
    my @got = $members->ask(map { [$_, '/'] } @again);
    map { [$got[$_], $again[$_]] } 0 .. $#again;
};
cmp_ok scalar @refused, '>=', 500, 'most of six hundred are refused';
cmp_ok scalar @refused, '<', 600, 'but not the controls';
is_deeply tally($members->ask(map { [$_, '/style.css',
    Referer => 'http://gate.test/'] } @refused)), { 200 => scalar @refused },
    'and may ask for other things';
is record($refused[0], $server)->{standing}, 'judged', 'for they are not blocked';
is_deeply tally($members->ask(map { [$_, '/open.html'] } @refused)),
    { 200 => scalar @refused }, 'who brings something belongs to it no more';
my $before = stats($server);
is $before->{counters}{blocks}, 0, 'nobody was blocked';
is_deeply $before->{blocks}, [], 'not even on the list';
cmp_ok $before->{counters}{swarm_refused}, '>=', 200, 'refusals are counted';
is $before->{counters}{swarm_refused}, $before->{counters}{refused},
    'among the refused';

# ---- who passes beside it

is_deeply tally($people->visits(40)), { 200 => 40 },
    'people with assets and another print pass';
is_deeply tally($people->pages(10)), { 200 => 10 },
    'and those of them who have everything cached';
is_deeply tally($people->visits(40, '/open.html',
    Referer => 'https://news.example/')), { 200 => 40 },
    'and who follows a link';
is_deeply tally($members->pages(5, '/', Referer => 'https://gate.test/')),
    { 200 => 5 }, 'a few with the same print and a referer pass';
is_deeply tally($members->pages(20, '/dot.gif')), { 200 => 20 },
    'who asks for a picture is in no swarm';

# ---- what is told

my $told = swarms($server);
is $told->{mode}, 'refuse', '/swarms says what is done';
# All at once are in excess before a print of its own may be: it may be told twice.
my @refusing = sort { $b->{members} <=> $a->{members} }
    grep { $_->{refuses} } @{ $told->{swarms} };
my ($one) = @refusing;
like $one->{kind}, qr/^(?:print|whole)$/, 'and what members share';
is $one->{end}, undef, 'it goes on';
cmp_ok $one->{members}, '>', 200, 'with its members';
my $sum = 0;
$sum += $_->{refused} for @refusing;
is $sum, stats($server)->{counters}{swarm_refused}, 'and refusals';
like $one->{words}, qr/^Chrome\/65 on .*page only, no referer/, 'in words';
unlike $one->{words}, qr/[\x00-\x1f"]alert/, 'on one line';
cmp_ok abs($one->{begin_epoch} - time), '<', 60, 'by the wall clock\'s time';
my @begun = events($server, 'swarm-begin');
is scalar(grep { $_->{refuses} } @begun), scalar @refusing,
    'the event log tells of it, once';
cmp_ok abs($begun[0]{time_epoch} - time), '<', 60, 'with its time';
is_deeply [map { $_->{words} } @{ stats($server)->{swarms}{swarms} }],
    [map { $_->{words} } @{ $told->{swarms} }], '/stats has it';
my $metrics = operator($server)->get('/mlgate/metrics',
    headers => { Accept => '*/*' })->content;
like $metrics, qr/^mlgate_swarms\{kind="$one->{kind}",verdict="refuse"\} 1$/m, '/metrics';
like $metrics, qr/^mlgate_swarm_mode\{mode="refuse"\} 1$/m, 'and the mode';
is scalar(() = $metrics =~ /^mlgate_swarms\{/mg), 10, 'a sample a kind';
unlike $metrics, qr/script|Chrome/, 'and nothing that members sent';
my $page = operator($server)->get('/mlgate/',
    headers => { Accept => 'text/html' })->content;
like $page, qr/<h2>Swarms/, 'the page lists it';
like $page, qr/being refused/, 'and what is done';
unlike $page, qr/<script|<img/, 'escaped';
like $page, qr/&lt;script&gt;/, 'and shown';
my $status = operator($server)->get('/server-status?auto')->content;
like $status, qr/^MLGateSwarm: refuse\nMLGateSwarmsNow: [1-9]/m, 'mod_status';
like operator($server)->get('/server-status')->content,
    qr{<td>swarms now</td><td>[1-9]}, 'also for people';

my $decision = operator($server)->get("/mlgate/decision/$id");
is $decision->code, 200, '/decision/ID is found';
ok $decision->json->{for_swarm}, 'and says that it was for a swarm';
like $decision->json->{swarm}{words}, qr/^Chrome\/65/, 'which is named';
is $decision->json->{blocked}, JSON::PP::false, 'and no block';
is $decision->json->{would_change}, undef, 'nothing of its own would have helped';
my $said = do {
    local $ENV{MLGATE_URL} = "http://127.0.0.1:$server->{port}/mlgate";
    local $ENV{MLGATE_MODEL} = 'weighted';
    qx{$ctl explain --decision $id 2>&1};
};
is $?, 0, 'mlgatectl explains it' or diag $said;
like $said, qr/was refused at .* for the swarm that it came with/, 'in words';
like $said, qr/is not blocked/, 'without a block';
like $said, qr/The swarm\n  Chrome\/65 on/, 'and names the swarm';
$said = qx{MLGATE_MODEL=weighted $ctl explain --decision $server->{dir}/events 2>&1};
is $?, 0, 'and the event log' or diag $said;
like $said, qr/^A swarm was found at 20.* UTC\.\n  Chrome\/65 on/m, 'likewise';
unlike $said, qr/[^\x20-\x7e\n]/, 'in plain text';

$said = do {
    local $ENV{MLGATE_URL} = "http://127.0.0.1:$server->{port}/mlgate";
    qx{$ctl status 2>&1};
};
like $said, qr/^SWARMS +addresses +refused +share\n(?:20.*\n)*20\S+ \S+ UTC.* Chrome\/65 on/m,
    'mlgatectl status lists it';

# ---- what passes: a stop, and fifteen minutes

$server->{env} = { LD_PRELOAD => "$ENV{MLGATE_WORK}/clock.so",
    MLGATE_TEST_CLOCK => "$server->{dir}/clock" };
sub set_clock {
    open my $fh, '>', "$server->{dir}/clock" or die "clock: $!\n";
    syswrite $fh, sprintf '%-20d', $_[0];
    close $fh;
}
$server->stop;
set_clock(0);
$server->start;
is operator($server)->get("/mlgate/decision/$id")->code, 200,
    'a stop forgets no reference';
is swarms($server)->{swarms}[0]{end}, undef, 'and ends no swarm';
is scalar(events($server, 'swarm-end')), 0, 'nor says so';
$server->stop;
set_clock(1000);
$log->expect(qr/mlgate:notice.*MLG0039: a swarm is over: Chrome\/65/);
$log->allow(qr/MLG0039/);
$server->start;
ok wait_until('the swarm is over', 10,
    sub { events($server, 'swarm-end') >= @refusing }),
    'a quarter of an hour later it is over';
my ($end) = sort { $b->{refused} <=> $a->{refused} }
    events($server, 'swarm-end');
cmp_ok $end->{refused}, '>=', 200, 'with its refusals';
cmp_ok $end->{end_epoch}, '<', time + 60, 'when the last member came';
like operator($server)->get('/mlgate/', headers => { Accept => 'text/html' })
    ->content, qr/>over</, 'the page says so';
$server->stop;
set_clock(9000); # the windows of an hour are empty, too
$server->start;
is_deeply tally(crowd($server, %member)->pages(30)), { 200 => 30 },
    'two hours later nobody is held to it who comes alike';
$server->stop;

# ---- observe, off

my $observing = watched(conf => $conf =~ s/MLGateSwarm refuse/MLGateSwarm observe/r);
$observing->{log}->expect(qr/MLG0038/);
$people = crowd($observing, %person);
$people->visits(20);
@answers = besiege(crowd($observing, %member), $people,
    sub { @{ $_[0] } % 400 == 0
        && counter($observing, 'swarm_would_refuse') >= 200 });
is_deeply tally(@answers), { 200 => scalar @answers },
    'observing refuses nobody';
cmp_ok counter($observing, 'swarm_would_refuse'), '>=', 200,
    'and counts whom it would have';
is counter($observing, 'refused'), 0, 'who were not refused';
($one) = grep { $_->{refuses} } @{ swarms($observing)->{swarms} };
cmp_ok $one->{would_refuse}, '>=', 200, 'and tells';
like operator($observing)->get('/mlgate/', headers => { Accept => 'text/html' })
    ->content, qr/>observed</, 'the page says so';

# The same server with swarms off: what it saw goes no further.
$observing->stop;
$observing->rewrite($conf =~ s/MLGateSwarm refuse/MLGateSwarm off/r)->start;
my $would = counter($observing, 'swarm_would_refuse');
is_deeply tally(crowd($observing, %member)->pages(300)), { 200 => 300 },
    'off refuses nobody, in the midst of a swarm';
is counter($observing, 'swarm_would_refuse'), $would, 'nor would have';
my ($off) = grep { $_->{refuses} } @{ swarms($observing)->{swarms} };
is $off->{members}, $one->{members}, 'nor counts';
is swarms($observing)->{mode}, 'off', 'and says so';
$observing->stop;

# ---- a share that is too large

my $small = watched(conf => $conf =~ s/MaxShare 1/MaxShare 0.2/r);
$small->{log}->expect(qr/MLG0038/);
$small->{log}->expect(qr/mlgate:warn.*MLG0040: verdicts on swarms would refuse more than 20 % of the \d+ clients/);
$people = crowd($small, %person);
$people->visits(20);
$members = crowd($small, %member);
besiege($members, $people,
    sub { @{ $_[0] } % 400 == 0 && swarms($small)->{held_back} });
ok swarms($small)->{held_back}, 'a swarm of most clients is held back';
is_deeply tally($members->pages(100)), { 200 => 100 }, 'its members pass';
cmp_ok counter($small, 'swarm_would_refuse'), '>', 0, 'and are counted';
ok wait_until('it is said', 10, sub { events($small, 'swarms-held-back') }),
    'the event log says so';
like operator($small)->get('/mlgate/metrics', headers => { Accept => '*/*' })
    ->content, qr/^mlgate_swarm_held_back 1$/m, '/metrics says so';
like operator($small)->get('/mlgate/', headers => { Accept => 'text/html' })
    ->content, qr/MLGateSwarmMaxShare holds verdicts back/, 'and the page';
like operator($small)->get('/server-status?auto')->content,
    qr/^MLGateSwarmsHeldBack: 1$/m, 'and mod_status';

done;
