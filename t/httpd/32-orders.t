# SPDX-License-Identifier: Apache-2.0
# Orders of an operator: block, unblock, and who may give them.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $operator = operator;
sub order { $operator->post('/mlgate' . $_[0], headers => $_[1] || {}) }
sub expect_order { expect_log(qr/\[mlgate:notice\].*MLG0010.*\b\Q$_[0]\E(?![\d.])/, $_[1] // 1) }

expect_order('192.0.2.120');
is client('192.0.2.120')->get('/')->code, 200, 'a client passes';
my $block = order('/block/192.0.2.120?ttl=10m&reason=too%20curious%22%3Cb%3E');
is $block->code, 200, 'POST /block/{ip}';
like $block->header('Content-Type'), qr{^application/json}, 'answers JSON';
like $block->content, qr/192\.0\.2\.120/, 'that names the client';
my $answer = client('192.0.2.120')->get('/');
is $answer->code, 429, 'the client is refused';
like $answer->header('Retry-After'), qr/^(?:600|59\d)$/, 'for ten minutes';
is client('192.0.2.120', host => 'observe.test')->get('/')->code, 429,
    'an operator\'s block holds where the gate only observes';
is client('192.0.2.120', host => 'off.test')->get('/')->code, 200,
    'but not where it is off';
my $record = record('192.0.2.120');
is $record->{standing}, 'operator', 'the record says whose block it is';
is $record->{block}{note}, 'too curious"<b>', 'and why';
unlike $operator->get('/mlgate/', headers => { Accept => 'text/html' })->content,
    qr/<b>/, 'a reason is text on the HTML page, never markup';

expect_order('192.0.2.121');
is order('/block/192.0.2.121')->code, 200, 'POST /block/{ip} without a ttl';
is client('192.0.2.121')->get('/')->code, 429, 'blocks as well';
expect_order('2001:db8:5:5::', 2);
is order('/block/2001:db8:5:5::1?ttl=1h')->code, 200, 'POST /block/{ipv6}';
is client('2001:db8:5:5:9::9')->get('/')->code, 429, 'blocks the /64';
is order('/unblock/2001:db8:5:5:8::8')->code, 200, 'POST /unblock/{ipv6}';
is client('2001:db8:5:5:9::9')->get('/')->code, 200, 'frees it';

expect_block('192.0.2.122');
expect_order('192.0.2.122');
my $flood = client('192.0.2.122');
$flood->burst(12);
is $flood->get('/')->code, 429, 'a flood is blocked';
is order('/unblock/192.0.2.122')->code, 200, 'POST /unblock/{ip}';
is each_of($flood->burst(40)), '200',
    'who was unblocked has grace: it is not judged for a while';
is record('192.0.2.122')->{standing}, 'grace', 'its record says so';
expect_order('192.0.2.123');
like order('/unblock/192.0.2.123')->code, qr/^(?:200|404)$/,
    'unblocking who is not blocked does no harm';

expect_order('192.0.2.124');
is order('/block/192.0.2.124?reason=' . 'a' x 39)->code, 200,
    'a reason of 39 bytes is taken';
is record('192.0.2.124')->{block}{note}, 'a' x 39, 'all of it';
like order('/block/192.0.2.125?reason=' . 'a' x 40)->content, qr/shorten/,
    'a longer one is refused, not cut';

is order("/block/192.0.2.125?$_")->code, 400, "refused: $_"
    for 'ttl=', 'ttl=soon', 'ttl=-1m', 'ttl=0s', 'ttl=10', 'ttl=9999d',
    'time=10m', 'ttl=10m;reason=x', 'reason=' . 'a' x 40,
    'reason=%0aforged', 'reason=%ff', 'reason=%zz', 'ttl=%00';
is order("/$_")->code, 400, "refused: POST /$_"
    for 'block/192.0.2.256', 'block/example.org', 'unblock/nobody',
    'block/0x7f000001';
is client('192.0.2.125')->get('/')->code, 200, 'and nobody was blocked';
my $bad = order('/block/192.0.2.256');
like $bad->content, qr/192\.0\.2\.256/, 'the refusal names the value';

# Other sites' pages must not give orders through an operator's browser.
my $here = 'gate.test';
for my $case (
    [{ Origin => 'https://evil.example' }, 'another site by Origin'],
    [{ Origin => 'null' }, 'a sandboxed page'],
    [{ Origin => "http://$here.evil.example" }, 'a site that begins like ours'],
    [{ Origin => "http://evil$here" }, 'a site that ends like ours'],
    [{ Origin => 'garbage' }, 'an Origin that is none'],
    [{ 'Sec-Fetch-Site' => 'cross-site' }, 'another site by Sec-Fetch-Site'],
    [{ 'Sec-Fetch-Site' => 'same-site' }, 'a sister site'],
    [{ Origin => "http://$here", 'Sec-Fetch-Site' => 'cross-site' },
        'another site that forges Origin'],
) {
    my ($headers, $who) = @$case;
    is order('/block/192.0.2.126', $headers)->code, 403, "refused: $who";
    is order('/unblock/192.0.2.121', $headers)->code, 403,
        "refused to unblock: $who";
}
is client('192.0.2.126')->get('/')->code, 200, 'nobody was blocked by them';
is client('192.0.2.121')->get('/')->code, 429, 'nor freed';
expect_order('192.0.2.127', 3);
is order('/block/192.0.2.127', $_)->code, 200, 'our own page may'
    for { Origin => "http://$here" }, { 'Sec-Fetch-Site' => 'same-origin' },
    { Origin => "http://$here", 'Sec-Fetch-Site' => 'same-origin' };

# The page's button leads back to the page, however its form was addressed.
expect_order('192.0.2.128', 2);
for my $slash ('', '/') {
    my $answer = order("/block/192.0.2.128$slash", { Accept => 'text/html' });
    is $answer->code, 303, "a browser is sent on from /block/IP$slash";
    my $at = "/mlgate/block/192.0.2.128$slash" =~ s{[^/]*$}{}r
        . $answer->header('Location');
    1 while $at =~ s{[^/]+/\.\./}{};
    is $at, '/mlgate/', 'to the page';
}

my @events = map { JSON::PP->new->decode($_) } do {
    open my $fh, '<', vars('t_logs') . '/events.json' or die "events: $!\n";
    <$fh>;
};
is join(' ', map { $_->{event} }
    grep { ($_->{client} // '') eq '192.0.2.122' } @events), 'block unblock',
    'the event log has one object per transition';

done;
