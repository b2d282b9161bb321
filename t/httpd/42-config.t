# SPDX-License-Identifier: Apache-2.0
# `mlgatectl --config` takes what httpd takes and refuses what it refuses, where
# a value is at fault in httpd's own words.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

my $server = server(start => 0);
my $file = "$server->{dir}/httpd.conf";

sub put {
    my ($name, $text) = @_;
    open my $fh, '>', "$server->{dir}/$name" or die "$name: $!\n";
    print {$fh} $text;
    close $fh or die "$name: $!\n";
}

sub ctl {
    my $said = qx{$ENV{MLGATE_WORK}/mlgatectl features --config "$file" \\
        /dev/null 2>&1 >/dev/null};
    return ($? >> 8, $said);
}

put('list', "192.0.2.1 # one\n192.0.2.0/\\\n24\n#c\\\nxx\n   ::1\n");
put('bad.list', "192.0.2.1\n\\\n\n::g\n");
put('include.conf', "MLGateBlockFor included\n");
mkdir "$server->{dir}/$_" or die "$_: $!\n" for 'd', 'd/e';
put('d/a', "MLGateBlockFor 2s\n");
put('d/e/f', "MLGateBlockFor deep\n");

# What refuses 'z' was looked at.
my $z = 'MLGateBlockFor z';
my @texts = (
    # words
    'MLGateBlockFor "10 fortnights"', q{MLGateBlockFor 'a\\'b'},
    'MLGateBlockFor "a\\"b"', 'MLGateBlockFor "ab', 'MLGateBlockFor "1s"b',
    'MLGateBlockFor 1"s"', 'MLGateBlockFor 1s 2s', 'MLGateBlockFor',
    'MLGateBlockFor ""', qq{"MLGateBlockFor" z}, qq{'MLGateBlockFor' z},
    qq{"MLGateBlockFor"z}, "mlgateblockfor z", "MLGateBlockFor\tz",
    "MLGateBlockFor\x0bz", "\x0cMLGateBlockFor z", "$z\r\n",
    # lines
    "# x \\\n$z", "MLGateBlockFor \\\n\\\nz", "MLGateBlockFor \\\r\nz\r\n",
    "MLGateAllow 192.0.2.1\\\n192.0.2.2", "MLGateBlockFor 1\\\ns",
    # lists
    'MLGateAllow a"b', 'MLGateAllow "192.0.2.1"192.0.2.2 x', 'MLGateAllow ""',
    'MLGateAllow file:list', 'MLGateAllow file:./list 192.0.2.7',
    'MLGateAllow file:none', 'MLGateAllow file:bad.list', 'MLGateAllow file:d',
    'MLGateAllow ' . '::1 ' x 70, 'MLGateAllow ' . '::1 ' x 70 . 'x',
    'MLGateWeight burst 1 2', 'MLGateWeight burst "1" 2 .5 # x',
    'MLGateWeight burst "1" 2 .5',
    # variables
    "Define A z\${B}\nDefine B q\nMLGateBlockFor \${A}", 'MLGateBlockFor ${Z}',
    'MLGateBlockFor ${Z', 'MLGateBlockFor $Z', "MLGateBlockFor \${Z}\nDefine Z 1s",
    "Define Z q\nMLGateBlockFor x\${Z}y\${Z}", "Define Z\nMLGateBlockFor \${Z}",
    "Define z q\nMLGateBlockFor x\${Z}y", "Define Z \${Z}\nMLGateBlockFor \${Z}",
    "Define Z 1s\nMLGateBlockFor \${Z}\nDefine Z z",
    "Define Z 1s\nUnDefine Z\nMLGateBlockFor \${Z}",
    "Define Z \"192.0.2.1 q\"\nMLGateAllow \${Z}",
    "Define Z \"192.0.2.1 q\"\nMLGateAllow \"\${Z}\"",
    "Define Z '\"1 2\"'\nMLGateBlockFor \${Z}", "Define Z \"$z\"\n\${Z}",
    "Define Z Loc\n<\${Z}ation />\n</Location>",
    "<Location />\nDefine Z q\n</Location>\nMLGateBlockFor \${Z}",
    # conditions
    (map { ("<$_>\n$z\n</" . (split)[0] . '>') } 'IfDefine X', 'IfDefine !X',
        'IfDefine !X ', 'IfDefine "!X"', 'IfModule core.c', 'IfModule !core.c',
        'IfFile list', 'IfFile "list"', 'IfFile !list', 'IfFile none'),
    "<IfDefine X>\n<Location />\n$z\n</Location>\n</IfDefine>",
    "Define x\n<IfDefine X>\n$z\n</IfDefine>",
    "Define X\n<IfDefine X>\n$z\n</IfDefine>",
    "Define \"X Y\"\n<IfDefine \"X Y\">\n$z\n</IfDefine>",
    "Define Z X\nDefine X\n<IfDefine \${Z}>\n$z\n</IfDefine>",
    # sections
    "<IfModule foo>\n$z", "<Location />\n</Files>", '</Location>',
    "<Location />\n$z\n</Location>", "<Location \"/\">\n$z\n</location>",
    "<Location /\nMLGateBlockFor 1s\n</Location>",
    "<IfDefine X>\n<Location />\n</IfDefine>\n</Location>",
    "< Location />\n</Location>", "<Location/>\n</Location>",
    "<VirtualHost *:1>\n$z\n</VirtualHost>",
    "<VirtualHost *:1>\nMLGateTableSize 4096\n</VirtualHost>",
    "<Location />\nMLGateAllow ::1\n</Location>",
    "<Location />\nMLGateEventLog x\n</Location>",
    "<If \"true\">\nMLGateBlockFor 1s\n</If>\n<Else>\n$z\n</Else>",
    'MLGateFoo', 'MLGateBlockForx 1s', 'MLGateBlockMax 1s',
    # Include
    'Include include.conf', 'Include none.conf', 'IncludeOptional none.conf',
    'IncludeOptional none/*.conf', 'Include none*.conf', 'Include ./*.conf2',
    'Include inc*.conf', 'Include d', 'Include d?/*', 'Include d/[a]',
    'Include d*/e/f', 'Include d*/e*', 'Include', 'Include ""',
    'Include include.conf x', "<Directory />\nInclude include.conf\n</Directory>",
    'Include httpd.conf',
);

for my $text (@texts) {
    $server->rewrite("$text\n");
    my ($rv, $said) = $server->check;
    my ($rv_ctl, $said_ctl) = ctl();
    (my $name = $text) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    is !!$rv_ctl, !!$rv, ($rv ? 'refused' : 'taken') . " by both: $name"
        or diag $said, $said_ctl;
    # an unset variable is httpd's warning, and its name our reason
    if ($said =~ /^((?:MLGate\w+: )?'.*)/m && $said_ctl !~ /is not defined/) {
        my $reason = $1;
        $reason =~ s/^MLGateAllow: \S+ line \d+: //;
        like $said_ctl, qr/\Q$reason\E/, "and in the same words: $reason";
    }
}

done;
