# SPDX-License-Identifier: Apache-2.0
# A request counts once, however many requests httpd makes of it.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $n = 90;
for my $case (
    ['/open.html', qr/open/, 200, 'a page'],
    ['/parts.shtml', qr/open.*one.*sub index/s, 200, 'server-side includes'],
    ['/rewritten', qr/open/, 200, 'an internal redirect by mod_rewrite'],
    ['/sub/', qr/sub index/, 200, 'a DirectoryIndex'],
    ['/nowhere', qr/sorry for you/, 404, 'an ErrorDocument'],
) {
    my ($path, $holds, $code, $what) = @$case;
    my $addr = '192.0.2.' . $n++;
    my $client = client($addr, host => 'once.test');
    my $before = stats->{counters};
    my $answer = $client->get($path);
    is $answer->code, $code, "$what: $code";
    like $answer->content, $holds, "$what is complete";
    $client->get($path) for 2 .. 4;
    my $after = stats->{counters};
    is $after->{requests} - $before->{requests}, 4, "$what counts once";
    is $after->{judged} - $before->{judged}, 4, "$what is judged once";
    is record($addr)->{record}{requests} + $after->{skipped} - $before->{skipped}, 4,
        "$what is one request in the client's record";
}

expect_block('192.0.2.99');
my $flood = client('192.0.2.99', host => 'once.test');
my @codes = $flood->burst(12, '/parts.shtml');
is each_of(@codes[0 .. 8]), '200', 'a page of four parts passes nine times';
is each_of(@codes[9 .. 11]), '429', 'and is refused the tenth time';

done;
