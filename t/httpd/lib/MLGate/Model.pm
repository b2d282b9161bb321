# SPDX-License-Identifier: Apache-2.0
package MLGate::Model;

# The models that t/httpd/models.c wrote, and files that are put in place.
use strict;
use warnings;
use Exporter 'import';

our @EXPORT = qw(model model_id put install lines);

# The bytes of a model.
sub model {
    my ($name) = @_;
    open my $fh, '<:raw', "$ENV{MLGATE_WORK}/models/$name.mlg"
        or die "$name.mlg: $!\n";
    local $/;
    return scalar <$fh>;
}

# What the gate calls it: the beginning of the SHA-256 at its end.
sub model_id { unpack 'H16', substr $_[0], -32 }

# Write a file in place.
sub put {
    my ($path, $bytes) = @_;
    open my $fh, '>:raw', $path or die "$path: $!\n";
    print {$fh} $bytes;
    close $fh or die "$path: $!\n";
}

# Put a file in place by renaming it.
sub install {
    my ($path, $bytes) = @_;
    put("$path.new", $bytes);
    rename "$path.new", $path or die "$path: $!\n";
}

sub lines {
    my ($path) = @_;
    open my $fh, '<', $path or return ();
    return <$fh>;
}

1;
