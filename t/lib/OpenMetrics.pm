package OpenMetrics;

# Whether metrics are what OpenMetrics 1.0 says (its ABNF, and what it asks for
# beside that), or Prometheus' text format 0.0.4; and what they say.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw(metrics_problems metrics_values metrics_families);

my $name = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $text = qr/(?:[^\n"\\]|\\[n"\\])*/;
my $label = qr/[a-zA-Z_][a-zA-Z0-9_]*="$text"/;
my $number = qr/[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/;

# what the names of samples end in, by type

my %endings = (
    counter => [qw(_total _created)], gauge => [''], info => ['_info'],
    unknown => [''],
);

# What is wrong with a text, a list of sentences. "old" is the format 0.0.4,
# where a family is called as its samples are, and has no unit.

sub metrics_problems {
    my ($metrics, $old) = @_;
    my ($family, %families, %series, @problems) = ('');
    my $line = 0;
    my $wrong = sub { push @problems, "line $line: @_" };

    utf8::decode(my $decoded = $metrics) or $wrong->('no UTF-8');
    $metrics =~ /\n\z/ or $wrong->('the last line does not end');

    if (!$old) {
        $metrics =~ s/^# EOF\n\z//m or $wrong->('does not end with # EOF');
    }

    for (split /\n/, $metrics, -1) {
        $line++;

        if ($_ eq '') {
            $wrong->('empty') if $line <= ($metrics =~ tr/\n//);

        } elsif (/^# (TYPE|UNIT|HELP) ($name) (.*)$/) {
            my ($what, $of, $value) = ($1, $2, $3);

            if ($of ne $family) {
                $wrong->("$of was there before") if $families{$of};
                $family = $of;
                $families{$family} = {};
            }

            my $is = $families{$family};

            $wrong->("second $what") if exists $is->{$what};
            $wrong->("$what after samples") if $is->{samples};
            $is->{$what} = $value;

            if ($what eq 'TYPE') {
                $wrong->("no type $value")
                    if !$endings{$value} || $old && $value !~ /^(counter|gauge)$/;

            } elsif ($what eq 'UNIT') {
                $wrong->('no line of 0.0.4') if $old;
                $wrong->("$family is not called by its unit")
                    unless $value =~ /^$name$/ && $family =~ /_\Q$value\E$/;

            } else {
                $wrong->('not escaped') unless $value =~ /^$text$/;
            }

        } elsif (/^($name)(?:\{((?:$label(?:,$label)*)?)\})? ($number)$/) {
            my ($sample, $labels, $value) = ($1, $2 // '', $3);
            my $is = $families{$family};
            my $type = $is->{TYPE} // 'unknown';
            my %label = map { /^(\w+)="(.*)"$/s } $labels =~ /$label/g;
            my $names = join ' ', sort keys %label;

            $wrong->("$sample is not of $family, a $type")
                unless grep { $sample eq ($old ? $family : "$family$_") }
                            @{$endings{$type}};
            $wrong->('a label stands there twice')
                if keys %label != (() = $labels =~ /$label/g);
            $wrong->("labels are $names, not $is->{samples}")
                if defined $is->{samples} && $is->{samples} ne $names;
            $wrong->('was there before')
                if $series{join "\n", $sample, map { "$_=$label{$_}" } sort keys %label}++;
            $wrong->("a $type of $value")
                if $type eq 'counter' && $value < 0
                   || $type eq 'info' && $value != 1;

            $is->{samples} = $names;

        } else {
            $wrong->("cannot be read: $_");
        }
    }

    for my $of (sort keys %families) {
        $wrong->("$of has no $_")
            for grep { !exists $families{$of}{$_} } qw(TYPE HELP);
    }

    return @problems;
}

# The values, by series as they are written, each label in its place.

sub metrics_values {
    my $metrics = shift;
    return { $metrics =~ /^($name(?:\{.*\})?) ($number)$/mg };
}

# What families there are: the labels of their samples, by the samples' name.

sub metrics_families {
    my $metrics = shift;
    my %families;

    while ($metrics =~ /^($name)(?:\{(.*)\})? $number$/mg) {
        my ($sample, $labels) = ($1, $2 // '');
        $families{$sample} = { map { $_ => 1 } $labels =~ /([a-zA-Z_]\w*)="$text"/g };
    }

    return \%families;
}

1;
