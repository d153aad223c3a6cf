package CredverifyCounters;

# What a store's counters hold, read and written as the workers do: a page, then
# a slot of 704 bytes for each key, by its number.

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw($SLOT_SIZE slot_place read_slot month_number write_month
                 write_day write_minute);

our $SLOT_SIZE = 704;

my ($MINUTES, $DAYS, $MONTHS) = (60, 4, 16);

# where a slot is in the file

sub slot_place {
    my ($number) = @_;
    return 4096 + $number * $SLOT_SIZE;
}

sub month_number {
    my ($year, $month) = split /-/, shift;
    return ($year - 1970) * 12 + $month - 1;
}

# { uid, minutes, days, months }: period => count

sub read_slot {
    my ($store, $number) = @_;

    open my $file, '<:raw', "$store/counters" or die "$store/counters: $!\n";
    seek $file, slot_place($number), 0;
    read($file, my $bytes, $SLOT_SIZE) == $SLOT_SIZE or return;

    my ($uid, @words) = unpack 'Q<*', $bytes;
    my %slot = (uid => $uid);

    $slot{minutes}{$_ >> 32} = $_ & (1 << 31) - 1
        for grep { $_ } @words[0 .. $MINUTES - 1];
    $slot{days}{$_ >> 40} = $_ & (1 << 40) - 1
        for grep { $_ } @words[$MINUTES .. $MINUTES + $DAYS - 1];
    $slot{months}{$_ >> 48} = $_ & (1 << 48) - 1
        for grep { $_ } @words[$MINUTES + $DAYS .. $MINUTES + $DAYS + $MONTHS - 1];

    return \%slot;
}

sub write_word {
    my ($store, $number, $word, $value) = @_;

    open my $file, '+<:raw', "$store/counters" or die "$store/counters: $!\n";
    seek $file, slot_place($number) + 8 * (1 + $word), 0;
    print $file pack 'Q<', $value;
    close $file or die "$store/counters: $!\n";
}

# so many calls in a month, "2026-10"

sub write_month {
    my ($store, $number, $month, $count) = @_;
    my $m = month_number($month);
    write_word($store, $number, $MINUTES + $DAYS + $m % $MONTHS,
               $m << 48 | $count);
}

# ... on a day, and in a minute, since 1970

sub write_day {
    my ($store, $number, $day, $count) = @_;
    write_word($store, $number, $MINUTES + $day % $DAYS, $day << 40 | $count);
}

sub write_minute {
    my ($store, $number, $minute, $count) = @_;
    write_word($store, $number, $minute % $MINUTES, $minute << 32 | $count);
}

1;
