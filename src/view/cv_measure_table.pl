#!/usr/bin/perl
#
# Makes cv_measure_table.c: "make measure-table".
#
# Widths are those of DejaVu Sans and DejaVu Sans Bold, in 2048ths of the font's
# size; Verdana's are close to them. What else is known of characters is what
# Unicode says, in the version that this Perl has.
#
#   cv_measure_table.pl [DIRECTORY WITH THE FONTS] > cv_measure_table.c

use strict;
use warnings;

use File::Basename qw(dirname);
use Font::TTF::Font;
use Unicode::UCD qw(prop_invmap prop_value_aliases);

my $DIR  = shift // '/usr/share/fonts/truetype/dejavu';
my $EM   = 2048;
my $LAST = 0x10ffff;

my @fonts = map { read_font("$DIR/$_") } qw(DejaVuSans.ttf DejaVuSans-Bold.ttf);


# Characters that these fonts do not have are shown in another one, and nobody
# knows which. In ems, rather too much than too little: letters, and marks that
# take room.

my %letter = (
    (map { $_ => [0.5, 0.3] } qw(Deva Gujr)),
    (map { $_ => [0.6, 0.4] } qw(Beng Guru Thai Tibt)),
    (map { $_ => [0.7, 0.5] } qw(Ethi Khmr Knda Telu)),
    (map { $_ => [0.9, 0.5] } qw(Cher Mlym Mymr Sinh Taml)),
    Hang => [1.0, 0.4],
    Egyp => [1.4, 0.4],
    Arab => [1.6, 0.4],
    Xsux => [1.6, 0.4],
);

my $letter  = [0.8, 0.4];
my $sign    = 1.0;
my $picture = 1.375;            # in color
my $wide    = 1.0;              # a column of East Asian text
my $half    = 0.5;
my $bolder  = 1.05;

my %widest = (0xfdfd => 10, 0x1242b => 5);


# The numbers that C has names for

my %name = read_names(dirname($0) . '/cv_measure_table.h');

sub read_names {
    my ($file) = @_;
    my (%names, $next);

    open my $in, '<', $file or die "$file: $!\n";

    while (<$in>) {
        $names{$1} = hex $2  if /^#define CV_(KIND_\w+|MEASURE_OTHER) +0x(\w+)/;
        $names{$1} = $2      if /^#define CV_(JOIN_\w+) +(\d+)/;
        $names{$1} = $next++ if /^ +CV_(CLUSTER_\w+)/;
    }

    return %names;
}


# Fonts

sub read_font {
    my ($file) = @_;
    my $font = Font::TTF::Font->open($file) or die "$file: cannot be read\n";

    $font->{head}->read->{unitsPerEm} == $EM or die "$file: other units\n";

    my $glyphs    = $font->{cmap}->read->find_ms->{val};
    my $widths    = $font->{hmtx}->read->{advance};
    my $forms     = read_forms($font->{GSUB}->read);
    my ($version) = $font->{name}->read->find_name(5) =~ /(\d+\.\d+)/;
    my %font      = (version => $version);

    for my $ch (keys %$glyphs) {
        my $glyph = $glyphs->{$ch};
        $font{width}{$ch} = $widths->[$glyph];

        for my $form (keys %$forms) {
            my $other = $forms->{$form}{$glyph} // next;
            $font{$form}{$ch} = $widths->[$other];
        }
    }

    return \%font;
}

# the glyphs of letters that are joined to others: { fina => { from => to } }

sub read_forms {
    my ($gsub) = @_;
    my %forms;

    for my $tag (@{ $gsub->{FEATURES}{FEAT_TAGS} }) {
        my ($form) = $tag =~ /^(init|medi|fina)\b/ or next;

        for my $lookup (@{ $gsub->{FEATURES}{$tag}{LOOKUPS} }) {
            for my $sub (@{ $gsub->{LOOKUP}[$lookup]{SUB} }) {
                my $at = $sub->{COVERAGE}{val};

                $forms{$form}{$_} //= $sub->{RULES}[$at->{$_}][0]{ACTION}[0]
                    for keys %$at;
            }
        }
    }

    return \%forms;
}


# Unicode: the ranges of each property, and its value for characters that are
# asked for in order

my @properties = qw(gc gcb bc lb ea sc jt ExtPict EPres Emoji EBase DI WSpace);
my (%ranges, %value);

for my $name (@properties) {
    my ($starts, $values) = prop_invmap($name);
    my %short = map { $_ => (prop_value_aliases($name, $_))[0] // $_ } @$values;

    $ranges{$name} = [map { [$starts->[$_], $short{$values->[$_]}] } 0 .. $#$starts];
}

sub advance_to {
    my ($ch) = @_;

    for my $name (@properties) {
        my $ranges = $ranges{$name};
        $value{$name} = (shift @$ranges)->[1]
            while @$ranges && $ranges->[0][0] <= $ch;
    }
}

sub is {
    my ($name, $values) = @_;
    return $value{$name} =~ /^(?:$values)$/;
}

sub one_of {
    my ($ch, @others) = @_;
    return grep { $ch == $_ } @others;
}

my @fillers = (0x115f, 0x1160, 0x3164, 0xffa0);
my @glue    = (0xa0, 0x2007, 0x202f);
my @marks   = (0x200e, 0x200f, 0x61c);      # of direction
my @tones   = (0x1f3fb .. 0x1f3ff);
my @special = (@fillers, @glue, @marks, @tones, 0x200b, keys %widest);


# What shows nothing is dropped, but for what tells how its neighbours are shown

sub cluster_of {
    my ($ch) = @_;

    return 'BREAK' if $ch == 0x200b;
    return 'NBSP'  if one_of($ch, @glue);
    return 'SPACE' if is(WSpace => 'Y');
    return 'OTHER' if one_of($ch, @marks);
    return 'DROP'  if is(gcb => 'CN|CR|LF');
    return 'DROP'  if ($ch & 0xfffe) == 0xfffe || ($ch >= 0xfdd0 && $ch <= 0xfdef);

    return 'PICTURE' if is(ExtPict => 'Y') && is(gcb => 'XX|ExtPict_XX');

    return { XX => 'OTHER', EX => 'EXTEND', RI => 'FLAG', PP => 'PREPEND', SM => 'SPACING' }
           ->{$value{gcb}} // $value{gcb};
}

sub flags_of {
    my ($ch) = @_;
    my @flags;

    push @flags, 'LTR'    if is(bc => 'L');
    push @flags, 'RTL'    if is(bc => 'R|AL');
    push @flags, 'NUMBER' if is(bc => 'AN');
    push @flags, 'EMOJI'  if is(Emoji => 'Y');
    push @flags, 'TONED'  if is(EBase => 'Y');

    push @flags, 'MARK'
        if is(gc => 'Mn|Me')
           && !($ch >= 0xfe00 && $ch <= 0xfe0f)
           && !($ch >= 0xe0100 && $ch <= 0xe01ef);

    # UAX #14, as far as it is about characters that are wide

    push @flags, 'WIDE'
        if is(lb => 'ID|CJ|EB|EM|RI|H2|H3|JL|JV|JT')
           || (is(ea => 'W|F') && is(lb => 'CL|OP|NS|EX'));

    push @flags, 'OPEN'  if is(lb => 'OP|QU|GL|WJ|ZWJ');
    push @flags, 'CLOSE' if is(lb => 'CL|CP|QU|GL|EX|IS|SY|NS|CJ|IN|WJ');

    my $flags = 0;
    $flags |= $name{"KIND_$_"} for @flags;
    return $flags;
}


# Widths, regular and bold

sub ems {
    my ($ems, $bold) = @_;
    return map { int $ems * $EM * $_ } 1, $bold // 1;
}

sub widths_of {
    my ($ch) = @_;
    my ($regular, $bold) = map { $_->{width}{$ch} } @fonts;

    return (0, 0)                        if one_of($ch, @marks);
    return (0, 0)                        if is(gc => 'Mn|Me');
    return (0, 0)                        if is(DI => 'Y') && !one_of($ch, @fillers);
    return ems($picture)                 if is(EPres => 'Y') || one_of($ch, @tones);
    return ($regular, $bold // int $regular * $bolder) if defined $regular;
    return ($bold, $bold)                if defined $bold;

    return ems($widest{$ch})             if $widest{$ch};
    return ems($wide)                    if is(ea => 'W|F');
    return ems($half)                    if is(ea => 'H');
    return ems($picture)                 if is(ExtPict => 'Y');

    my $em = $letter{$value{sc}} // $letter;

    return ems($em->[1], $bolder)        if is(gc => 'Mc');
    return ems($em->[0], $bolder)        if is(gc => '[LNP].|Cn');
    return ems($sign);
}


# Letters that are joined to their neighbours: their last form, the first, and
# the one between; those that are not joined to what follows have only the last

my (@forms, %forms);

sub join_of {
    my ($ch, @alone) = @_;

    return $name{JOIN_THROUGH} if is(jt => 'T');
    return $name{JOIN_CAUSE}   if is(jt => 'C');

    my $first = is(jt => 'D');
    return 0 unless $first || is(jt => 'R');

    my @widths;

    for my $form (qw(fina init medi)) {
        push @widths, map { $form eq 'fina' || $first
                            ? $fonts[$_]{$form}{$ch} // $alone[$_] : 0 } 0, 1;
    }

    my $text = sprintf '{{%d,%d},{%d,%d},{%d,%d}}', @widths;

    push @forms, $text unless defined $forms{$text};
    return $forms{$text} //= $name{JOIN_FORMS} + $#forms;
}


# Each kind of character has a number. 16 characters are a leaf, 64 leaves a
# branch; those that are alike are there once.

my (@kinds, %kinds);

sub kind_of {
    my ($ch) = @_;
    my $cluster = cluster_of($ch);

    my @widths = $cluster =~ /^(?:DROP|BREAK)$/ ? (0, 0)
               : $cluster =~ /^(?:SPACE|NBSP)$/ ? map { $_->{width}{0x20} } @fonts
               : widths_of($ch);

    my $text = sprintf '{{%d,%d},%d,%d,%d}', @widths, $name{"CLUSTER_$cluster"},
                       flags_of($ch), join_of($ch, @widths);

    push @kinds, $text unless defined $kinds{$text};
    return $kinds{$text} //= $#kinds;
}

# where a range of characters of one kind may begin

sub starts {
    my %starts = map { $_->[0] => 1 } map { @$_ } values %ranges;

    $starts{$_} = $starts{$_ + 1} = 1
        for @special, map { keys %{ $_->{width} } } @fonts;

    $starts{$_} = 1
        for 0xfdd0, 0xfdf0, map { ($_ << 16 | 0xfffe, $_ << 16) } 0 .. $LAST >> 16;

    return sort { $a <=> $b } grep { $_ <= $LAST } keys %starts;
}

sub all_kinds {
    my @starts = starts();
    my $all = '';

    for my $i (0 .. $#starts) {
        my $next = $starts[$i + 1] // $LAST + 1;
        advance_to($starts[$i]);
        $all .= pack('n', kind_of($starts[$i])) x ($next - $starts[$i]);
    }

    return unpack 'n*', $all;
}

sub share {
    my ($size, @items) = @_;
    my (@shared, %number, @numbers);

    while (my @part = splice @items, 0, $size) {
        my $text = join ',', @part;
        push @shared, @part unless defined $number{$text};
        push @numbers, $number{$text} //= @shared / $size - 1;
    }

    return (\@shared, @numbers);
}

my ($leaves, @leaves)     = share(16, all_kinds());
my ($branches, @branches) = share(64, @leaves);

die "too much for these numbers\n"
    if @kinds > 1 << 16 || @$branches > 64 << 8 || @forms > 256 - $name{JOIN_FORMS};


# Writing

sub rows {
    my ($indent, @items) = @_;
    my @rows;

    for (@items) {
        push @rows, $indent if !@rows || length("$rows[-1] $_,") > 79;
        $rows[-1] .= $rows[-1] eq $indent ? "$_," : " $_,";
    }

    return join "\n", @rows;
}

sub table {
    my ($name, @items) = @_;
    return "\n\nconst $name = {\n" . rows('    ', @items) . "\n};\n";
}

sub ascii {
    my ($font) = @_;
    my @widths = map { $_ < 0x20 || $_ > 0x7e ? $name{MEASURE_OTHER} : $font->{width}{$_} }
                     0 .. 255;
    return "{\n" . rows('        ', @widths) . "\n    }";
}

# LAM and ALEF are one letter, alone or joined to what is before it; every ALEF
# is as wide

sub lam_alef {
    my ($ch) = @_;
    return sprintf '{ %d, %d }', map { $_->{width}{$ch} } @fonts;
}

my $unicode = Unicode::UCD::UnicodeVersion();

print <<"EOF", table('uint32_t  cv_measure_ascii[2][256]', map { ascii($_) } @fonts),

/*
 * Copyright (C) The credverify authors
 *
 * Made by cv_measure_table.pl from DejaVu $fonts[0]{version} and Unicode $unicode.
 */

#include "cv_measure_table.h"
EOF
    table('uint16_t  cv_measure_lam_alef[2][2]', map { lam_alef($_) } 0xfefb, 0xfefc),
    table('cv_measure_forms_t  cv_measure_forms[]', @forms),
    table('cv_measure_kind_t  cv_measure_kinds[]', @kinds),
    table('uint16_t  cv_measure_leaves[]', @$leaves),
    table('uint16_t  cv_measure_branches[]', @$branches),
    table('uint8_t  cv_measure_tops[]', @branches);
