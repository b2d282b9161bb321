# SPDX-License-Identifier: Apache-2.0
# The event log: one JSON object per transition, to a file and to a pipe.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

sub events {
    my ($path) = @_;
    open my $fh, '<', $path or return [];
    return [map { JSON::PP->new->utf8->decode($_) } <$fh>];
}

sub check_events {
    my ($what, $path, $server) = @_;
    my $client = $server->client('192.0.2.140');
    $client->burst(30);
    my ($id) = $client->get('/')->content =~ /([0-9a-f]{16})/;
    my $quiet = $server->client('192.0.2.141', host => 'observe.test');
    $quiet->burst(30);
    operator($server)->post('/mlgate/block/192.0.2.142?ttl=5m&reason=caf%C3%A9');
    operator($server)->post('/mlgate/unblock/192.0.2.142');
    wait_until("$what holds four events", 10, sub { @{ events($path) } >= 4 });
    my @events = @{ events($path) };
    is join(' ', map { "$_->{event}=$_->{client}" } @events),
        'block=192.0.2.140 would-block=192.0.2.141 '
        . 'operator-block=192.0.2.142 unblock=192.0.2.142',
        "$what: one object per transition, in order";
    my $block = $events[0];
    is $block->{id}, $id, "$what: the reference";
    is $block->{score}, 1, "$what: the score";
    is $block->{seconds}, 600, "$what: how long";
    is $block->{requests}, 10, "$what: after how many requests";
    is $block->{reasons}[0]{feature}, 'request_rate', "$what: the reasons";
    like $block->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/,
        "$what: the time";
    like $events[2]{note}, qr/^caf\x{e9}$/, "$what: an operator's reason";
}

my $conf = <<'END';
MLGateEngine enforce
Include "%WORK%/by-rate.conf"
<VirtualHost 127.0.0.1:%PORT%>
    ServerName gate.test
</VirtualHost>
<VirtualHost 127.0.0.1:%PORT%>
    ServerName observe.test
    MLGateEngine observe
</VirtualHost>
END

sub expect_all {
    my ($server) = @_;
    $server->{log}->expect(qr/MLG0004/);
    expect_block('192.0.2.140', $server);
    $server->{log}->expect(qr/MLG0009.*192\.0\.2\.141/, 1);
    $server->{log}->expect(qr/MLG0010.*192\.0\.2\.142/, 2);
}

my $file = server(conf => "MLGateEventLog events.json\n$conf");
expect_all($file);
check_events('a file', "$file->{dir}/events.json", $file);
is((stat "$file->{dir}/events.json")[2] & 07, 0,
    'a file: not for everyone\'s eyes');

# httpd forgets a piped logger before it has gone.
my $pipe = server(
    conf => "MLGateEventLog \"|/usr/bin/tee -a %DIR%/piped\"\n$conf");
expect_all($pipe);
$pipe->{log}->allow(qr/long lost child came home/);
check_events('a pipe', "$pipe->{dir}/piped", $pipe);
$pipe->graceful;
expect_block('192.0.2.143', $pipe);
$pipe->client('192.0.2.143')->burst(12);
ok wait_until('the pipe works after a graceful restart', 10, sub {
    grep { $_->{client} eq '192.0.2.143' } @{ events("$pipe->{dir}/piped") }
}), 'a pipe: goes on after a graceful restart';

done;
