#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The mistake: the code's model file drifts away from conf/mlg-format.md, and
# the models that a stranger writes by that page are refused, or read as
# something else. The perl below knows the page and nothing of the code.
. "$(dirname "$0")/tap"
page=conf/mlg-format.md
corpus=t/fuzz/corpus/bundle
need $page src/core/bundle.h include/mlg_bundle.h include/mlg_forest.h \
    $corpus/sound $corpus/sound-scanners "$OUT/mlgatectl"
tool=$(realpath "$OUT/mlgatectl")

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

claim "the page's header is the code's" "$(
    sed -nE 's/^ *BUNDLE_AT_([A-Z_]+) = ([0-9]+),?$/\1 \2/p' src/core/bundle.h \
        | tr '[:upper:]' '[:lower:]' | while read -r name at; do
        grep -qE "^\| $at \| [uf](32|64) \| $name \|" $page || echo "$name at $at"
    done
)"
# size NAME N PATTERN: the code's constant, and the page saying so
size() {
    grep -qE "define +$1 +$2(u|f|$|\b)" include/mlg_bundle.h include/mlg_forest.h \
        || echo "$1 is not $2 in the code"
    grep -qF -- "$3" $page || echo "the page does not say: $3"
}
claim "the page's bounds and sizes are the code's" "$(
    size MLG_BUNDLE_VERSION 1 '| version | 1 |'
    size MLG_BUNDLE_HEADER 80 'Header, 80 bytes'
    size MLG_BUNDLE_SPLIT 12 '12 bytes'
    size MLG_BUNDLE_LEAF 8 '8 bytes each'
    size MLG_BUNDLE_SHA 32 'The last 32 bytes'
    size MLG_BUNDLE_ABOUT_MAX 8192 '0 to 8192'
    size MLG_BUNDLE_GOLDEN_MAX 64 '| ngolden | 1 to 64 |'
    size MLG_FOREST_TREES_MAX 512 '| ntrees | 1 to 512 |'
    size MLG_FOREST_DEPTH_MAX 8 '| depth | 1 to 8'
    size MLG_FOREST_FILLER 0xffff '65535: a filler'
    size MLG_FOREST_VALUE_MAX 1e6 'within ±1,000,000'
)"

cat >"$scratch/stranger.pl" <<'END'
use strict;
use warnings;
use Digest::SHA 'sha256';
sub f32 { unpack 'f<', pack 'f<', $_[0] }
sub score { f32(1 / (1 + exp -($_[0]{slope} * $_[1] + $_[0]{offset}))) }

# read FILE: prove it by its golden vectors
sub read_model {
    my ($bytes) = @_;
    my %m;
    @m{qw(magic version bytes features nfeatures ntrees depth ngolden about
          base slope offset threshold max_fpr spare)} =
        unpack 'a8 L<2 Q< L<5 f< d<2 f<2 Q<', $bytes;
    substr($bytes, -32) eq sha256(substr $bytes, 0, -32) or die "its SHA-256\n";
    length $bytes == $m{bytes} or die "its length\n";
    my $at = 80 + 4 * int(($m{about} + 3) / 4);
    my $n = 2**$m{depth} - 1;
    my @trees;
    for (1 .. $m{ntrees}) {
        my @node = map { [unpack 'S<2 f<2', substr $bytes, $at + 12 * $_, 12] }
            0 .. $n - 1;
        $at += 12 * $n;
        my @leaf = map { unpack 'f<', substr $bytes, $at + 8 * $_, 4 } 0 .. $n;
        $at += 8 * ($n + 1);
        push @trees, [\@node, \@leaf];
    }
    for (1 .. $m{ngolden}) {
        my @x = unpack "f<$m{nfeatures}", substr $bytes, $at;
        my ($margin, $score) =
            unpack 'f<2', substr $bytes, $at + 4 * $m{nfeatures}, 8;
        $at += 4 * $m{nfeatures} + 8;
        my $sum = $m{base};
        for (@trees) {
            my $i = 0;
            while ($i < $n) {
                my ($feature, $nan, $split) = @{ $_->[0][$i] };
                my $x = $feature == 65535 ? 0 : $x[$feature];
                my $left = $x != $x ? $nan : $x < $split;
                $i = 2 * $i + ($left ? 1 : 2);
            }
            $sum = f32($sum + $_->[1][$i - $n]);
        }
        $sum == $margin or die "margin $sum instead of $margin\n";
        score(\%m, $sum) == $score or die "its score\n";
    }
    $at + 32 == $m{bytes} or die "its end is not where the page has it\n";
    return \%m;
}

# write FINGERPRINT NFEATURES: one question, with a NaN that goes left
sub write_model {
    my ($fingerprint, $nfeatures) = @_;
    my %m = (slope => 0.5, offset => -0.25);
    my $about = "note: by a stranger\n";
    my @x = (unpack('f<', pack 'L<', 0x7fc00000), (0) x ($nfeatures - 1));
    my $body = $about . "\0" x (-length($about) % 4)
        . pack('S<2 f<2', 0, 1, 2.5, 10) . pack('f<4', 3, 4, -3, 6)
        . pack('f<*', @x, f32(3.125), score(\%m, 3.125));
    my $file = "\x89MLG\r\n\x1a\n" . pack('L<2', 1, 80 + length($body) + 32)
        . pack('Q< L<5', $fingerprint, $nfeatures, 1, 1, 1, length $about)
        . pack('f< d<2 f<2 Q<', 0.125, 0.5, -0.25, 0.9, 0.001, 0) . $body;
    return $file . sha256($file);
}

sub slurp { local (@ARGV, $/) = @_; my $all = <>; $all }
my ($page, $out, @files) = @ARGV;
my ($fingerprint) = slurp($page) =~ /it is `0x([0-9a-f]{16})`/;
for my $file (@files) {
    my $m = eval { read_model(slurp($file)) } or print "$file: $@";
    printf "%s: features %016x, the page says %s\n", $file, $m->{features},
        $fingerprint
        if $m && sprintf('%016x', $m->{features}) ne $fingerprint;
    my ($n) = slurp($page) =~ /number of features, (\d+) \|/;
    print "$file: $m->{nfeatures} features, the page says $n\n"
        if $m && $m->{nfeatures} != $n;
    if ($m && defined $out) {
        open my $to, '>:raw', $out or die;
        print $to write_model($m->{features}, $m->{nfeatures});
        close $to;
    }
}
END
claim "a stranger reads our files by the page, and proves them" "$(
    perl "$scratch/stranger.pl" $page "$scratch/stranger.mlg" \
        $corpus/sound $corpus/sound-scanners 2>&1
)"
claim "we read a stranger's" "$(
    [ -s "$scratch/stranger.mlg" ] || echo "it wrote nothing"
    "$tool" replay --quiet --model "$scratch/stranger.mlg" /dev/null 2>&1 \
        | grep -i -- '--model'
)"
finish
