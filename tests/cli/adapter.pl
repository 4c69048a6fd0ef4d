#!/usr/bin/perl
# An adapter as somebody writes it who has read corpora/vectors/README.md and nothing else.
use strict;
use warnings;
use JSON::PP;

$| = 1;
my ($json, $l) = (JSON::PP->new);

sub word {
    my ($bytes, $at, $size) = @_;
    my @byte = unpack 'C*', substr $bytes, $at, $size;
    @byte = reverse @byte if $l->{little_endian};
    my $value = 0;
    $value = $value << 8 | $_ for @byte;
    return $value;
}

sub field {
    my ($bytes, $f) = @_;
    return undef unless $f && $f->{width};
    my $mask = $f->{width} == 64 ? ~0 : (1 << $f->{width}) - 1;
    return word($bytes, @$f{qw(offset word)}) >> $f->{shift} & $mask;
}

sub leaf {
    my ($leaf, $bytes) = ($l->{leaf}, pack 'H*', $_[0]{bytes});
    my %is = map { $_ => field($bytes, $leaf->{fields}{$_}) } qw(extent szind slab is_head state);
    my $width = $leaf->{fields}{extent}{width};
    $is{extent} |= ~0 << $width if $leaf->{sign_extend} && $is{extent} >> ($width - 1);
    $is{extent} &= ~0 << $leaf->{low_bits} if $leaf->{form} eq 'compact';
    $is{extent} = sprintf '0x%x', $is{extent};
    $is{state} = $l->{states}[$is{state}] // "unknown($is{state})" if defined $is{state};
    return \%is;
}

sub subkey {
    my $level = $l->{rtree_levels}[$_[0]{level}];
    my $down = 8 * $l->{pointer_size} - $level->{cumbits};
    return {subkey => hex($_[0]{key}) >> $down & (1 << $level->{bits}) - 1};
}

my %answer = (layout => sub { $l = $_[0]{layout}; {ok => 1} }, leaf => \&leaf, subkey => \&subkey);
while (my $line = <STDIN>) {
    my $question = $json->decode($line);
    my $how = $answer{$question->{question}} // sub { {error => 'unsupported', why => 'not yet'} };
    print $json->encode({%{$how->($question)}, id => $question->{id}}), "\n";
}
