# SPDX-License-Identifier: Apache-2.0
# What other modules see of a verdict: environment and notes.
use strict;
use warnings;
use MLGate::Test;
use Test::More;

expect_block('192.0.2.130');
my $client = client('192.0.2.130', host => 'notes.test');
my $first = $client->get('/pages/one.html');
is $first->header('X-Verdict'), 'pass', 'Header sees MLGATE_VERDICT';
like $first->header('X-Score'), qr/^0\.\d+$/, 'and MLGATE_SCORE';
is $first->header('X-Note'), 'pass', 'notes hold the same';
is $first->header('X-Seen'), 'pass', 'SetEnvIf in a section sees the verdict';
is $first->header('X-Scored'), 'yes', 'and the score';

my @answers = map { $client->get('/pages/one.html') } 2 .. 11;
is $answers[8]->code, 429, 'the tenth is refused';
is $answers[8]->header('X-Verdict'), 'refuse', 'and says so';
is $answers[8]->header('X-Score'), '1.000', 'its score';
like $answers[8]->header('X-Reason'), qr/^request_rate=/, 'its reason';
is $answers[9]->header('X-Verdict'), 'refuse', 'the block says so too';
like $answers[9]->header('X-Reason'), qr/^request_rate=/, 'and why';

my @lines = wait_until('the access log is written', 5, sub {
    open my $fh, '<', vars('t_logs') . '/verdicts_log' or return undef;
    my @found = grep { /^192\.0\.2\.130 / } <$fh>;
    return @found >= 11 ? \@found : undef;
});
@lines = @{ $lines[0] || [] };
like $lines[0], qr{^192\.0\.2\.130 pass (0\.\d+) \1 200 /pages/one\.html$},
    'CustomLog: a request that passed';
like $lines[9], qr/^192\.0\.2\.130 refuse 1\.000 1\.000 429 /,
    'CustomLog: the one that convicted';
like $lines[10], qr/^192\.0\.2\.130 refuse 1\.000 1\.000 429 /,
    'CustomLog: one that was refused for the block';

done;
