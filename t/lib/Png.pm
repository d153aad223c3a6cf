package Png;

# Reads a PNG by itself (PNG, third edition): what draws them does not check
# what it has drawn. Makes one. And what a suite needs to have any.

use strict;
use warnings;

use Compress::Zlib qw(compress crc32 uncompress);
use Cwd qw(getcwd);

# The module that draws, beside that which is tested; nothing if it is linked in.

sub module {
    my $module = $ENV{TEST_NGINX_LOAD_MODULES} // getcwd() . '/build/ngx_http_credverify_module.so';
    return $module =~ s{credverify_module\.so}{credverify_png_module.so}r;
}

sub load {
    my $module = module();
    return $module && "load_module $module;";
}

sub chunk {
    my ($type, $data) = @_;
    return pack('N', length $data) . $type . $data . pack('N', crc32($type . $data));
}

# One of true colour, with chunks behind its header.

sub make {
    my ($width, $height, @chunks) = @_;

    return join '', "\x89PNG\r\n\x1a\n", chunk('IHDR', pack 'NNC5', $width, $height, 8, 2, 0, 0, 0),
        @chunks, chunk('IDAT', compress(("\0" . "\x80\x40\xc0" x $width) x $height)), chunk('IEND', '');
}

# { width, height, channels, data }, where "data" is as it was before it was
# compressed; or what is wrong.

sub read {
    my ($png) = @_;
    my %image = (data => '');
    my $last = '';

    return 'no PNG' unless $png =~ s/\A\x89PNG\r\n\x1a\n//;

    while ($png ne '') {
        return 'a cut chunk' if length $png < 12;
        my ($length, $type) = unpack 'N a4', $png;
        return "a cut $type" if length $png < 12 + $length;

        my $data = substr $png, 8, $length;
        return "a wrong $type" if crc32($type . $data) != unpack "x8 x$length N", $png;
        return "$type comes first" if $last eq '' && $type ne 'IHDR';
        substr($png, 0, 12 + $length) = '';
        $last = $type;

        if ($type eq 'IHDR') {
            my ($width, $height, $depth, $color, @methods) = unpack 'N N C5', $data;
            $image{channels} = { 2 => 3, 6 => 4 }->{$color};
            return 'no true colour' unless $depth == 8 && $image{channels};
            return 'other methods' if "@methods" ne '0 0 0';
            @image{qw(width height)} = ($width, $height);
        }

        $image{data} .= $data if $type eq 'IDAT';
    }

    return "ends with $last" if $last ne 'IEND';

    $image{data} = uncompress($image{data}) // return 'not compressed';

    return 'another length'
        if length $image{data} != $image{height} * (1 + $image{width} * $image{channels});

    return \%image;
}

# The first rows, each a string of pixels (12.9).

sub rows {
    my ($image, $rows) = @_;
    my $bpp = $image->{channels};
    my $width = $image->{width} * $bpp;
    my @above = (0) x ($width + $bpp);
    my @rows;

    for my $y (0 .. $rows - 1) {
        my ($filter, @in) = unpack 'C*', substr $image->{data}, $y * ($width + 1), $width + 1;
        my @row = (0) x $bpp;

        for my $i (0 .. $width - 1) {
            my ($left, $up, $corner) = ($row[$i], $above[$i + $bpp], $above[$i]);
            my $by = $filter == 0 ? 0 : $filter == 1 ? $left : $filter == 2 ? $up
                   : $filter == 3 ? ($left + $up) >> 1 : paeth($left, $up, $corner);
            push @row, ($in[$i] + $by) & 255;
        }

        @above = @row;
        push @rows, pack 'C*', @row[$bpp .. $#row];
    }

    return @rows;
}

sub paeth {
    my ($left, $up, $corner) = @_;
    my $to = $left + $up - $corner;
    my ($l, $u, $c) = map { abs($to - $_) } $left, $up, $corner;
    return $l <= $u && $l <= $c ? $left : $u <= $c ? $up : $corner;
}

1;
