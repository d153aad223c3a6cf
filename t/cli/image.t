# credverify class set --image-file, and what becomes of the image

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(encode_base64);

use Test::More;
use CredverifyTool;
use Png;

my $SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        . "<title>Jos\xc3\xa9 \xe4\xb8\x96</title><circle r=\"9\"/></svg>\n";
my $PNG = Png::make(64, 32);

my $store = load($ISSUER);
my $png   = write_file($PNG);
my $svg   = write_file($SVG);

sub cv {
    return run('--store', $store, @_);
}

sub set {
    my $how = ref $_[0] ? shift : {};
    return run($how, '--store', $store, 'class', 'set', 'c', @_);
}

sub images {
    return cv('export', '--kind', 'image')->{out};
}

sub line {
    my ($image) = @_;
    return '{"kind":"image","class":"c","data":"' . encode_base64($image, '') . qq("}\n);
}

sub trail {
    return join ' ', map { $_->{action} } json_lines(cv('class', 'history', 'c', '--json')->{out});
}

sub last_change {
    return (json_lines(cv('stats', '--json')->{out}))[0]{last_change};
}

is(ref Png::read($PNG), 'HASH', 'what is made here is a PNG');


# Set, shown, replaced, removed

my $r = set('--issuer', 'i', '--title', 'Class', '--image-file', $png);
done_ok($r, 'a new class with an image');

my $size = length $PNG;
my $shown = "id              c\nissuer          i\ntitle           Class\n"
          . "image type      png\nimage size      $size\n";
is($r->{out}, $shown, 'says what it is');
is(cv('class', 'show', 'c')->{out}, $shown, 'so does show');
is(images(), line($PNG), 'its bytes');
is((json_lines(cv('stats', '--json')->{out}))[0]{image}, 1, 'counted');

is_deeply([json_lines(cv('class', 'show', 'c', '--json')->{out})],
          [{ kind => 'class', id => 'c', issuer => 'i', title => 'Class', image_type => 'png',
             image_size => $size }], 'as JSON');

my $changes = last_change();
my $trail = trail();
done_ok(set('--image-file', $png), 'the same again');
is(last_change(), $changes, 'changes nothing');
is(trail(), $trail, 'and leaves no entry');

done_ok(set('--title', 'Other'), 'something else');
is(images(), line($PNG), 'leaves it');

($changes, $trail) = (last_change(), trail());
$r = set({ in => $SVG }, '--image-file', '-', '--json');
done_ok($r, 'another one, from standard input');
is((json_lines($r->{out}))[0]{image_type}, 'svg', 'of another type');
is(images(), line($SVG), 'its bytes');
is(last_change(), $changes + 1, 'a change');
is(trail(), "$trail changed", 'with an entry');

my $export = cv('export')->{out};
my $other = load(split /\n/, $export);
is(run('--store', $other, 'export')->{out}, $export, 'export, import, export: the same bytes');

unlike(cv('class', 'list', '--json')->{out}, qr/image/, 'a list has no word of it');

($changes, $trail) = (last_change(), trail());
$r = set('--image-file', '');
done_ok($r, 'removed');
unlike($r->{out}, qr/image/, 'it is not there');
unlike(cv('class', 'show', 'c')->{out}, qr/image/, 'nor shown');
is(images(), '', 'nor exported');
is(last_change(), $changes + 1, 'a change');
is(trail(), "$trail changed", 'with an entry');
done_ok(set('--image-file='), 'once more');
is(last_change(), $changes + 1, 'changes nothing');

done_ok(cv('check'), 'the store is whole');


# As large as may be, and not more

my $large = Png::make(64, 64, Png::chunk('prIv', 'x' x (196608 - 12 - length Png::make(64, 64))));
is(length $large, 196608, 'as large as may be');
done_ok(set('--image-file', write_file($large)), 'set');
is(images(), line($large), 'its bytes');
done_ok(cv('check', '--no-openbadges'), 'the store is whole');


# Refused: the class stays as it is, with the image that it has

my $before = cv('export')->{out};

for (
    [$large . 'x', 'it has more than 196608 bytes', 'a larger one'],
    ['', 'it is empty', 'an empty file'],
    ['GIF89a', 'it is neither a PNG nor an SVG in UTF-8', 'a GIF'],
    ["\xff\xd8\xff\xe0", 'it is a JPEG: it must be PNG or SVG', 'a JPEG'],
    [substr($PNG, 0, -1), 'its end is missing', 'a PNG that was cut'],
    [$PNG . '<?php', '5 bytes follow the end of it', 'a PNG with more behind it'],
    [$PNG =~ s/IHDR\0/IHDR\x01/r, 'the checksum of its chunk IHDR is wrong', 'a damaged PNG'],
    [Png::make(15, 16), 'it has 15 x 16 pixels; each side must be of 16 to 2048', 'a small PNG'],
    [Png::make(4096, 16), 'it has 4096 x 16 pixels; each side must be of 16 to 2048',
     'a wide PNG'],
    [Png::make(16, 16, Png::chunk('acTL', "\0\0\0\1\0\0\0\0")), 'it is animated (APNG)', 'an APNG'],
    [Png::make(16, 16, Png::chunk('iTXt', "openbadges\0\0\0\0\0{}")),
     'it has an assertion baked in', 'a badge'],
    [Png::make(16, 16, Png::chunk('zTXt', "Comment\0\0" . Compress::Zlib::compress("\0" x 2e6))),
     'its chunk zTXt decompresses to more than 1048576 bytes', 'a bomb'],
    [$SVG =~ s/circle/script/r, 'line 1: the element "script" is not allowed', 'a script'],
    [$SVG =~ s/circle/\nforeignObject/r,
     qr/line 1: it is not well-formed: /, 'an SVG that is none'],
    [$SVG =~ s/circle r/circle onload/r, 'line 1: the attribute "onload" is an event handler',
     'an event handler'],
    [$SVG =~ s/circle r="9"/use href="https:\/\/x.example\/#a"/r,
     'line 1: the attribute "href" refers to something outside of the image', 'a reference'],
    ["<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>$SVG",
     'it has a document type (<!DOCTYPE>): save it without', 'an entity'],
    [$SVG =~ s/\xa9/\xa9\xa9/r, 'it is not UTF-8', 'no UTF-8'],
    [$SVG =~ s/circle r="9"/a\x{1b}[31m/r, qr/line 1: it is not well-formed: /,
     'control characters'],
) {
    my ($image, $why, $name) = @$_;
    my $file = write_file($image);

    fails(set('--title', 'Changed', '--image-file', $file),
          ref $why ? qr/\A\Qcredverify: class set: $file: \E$why/ : "class set: $file: $why", $name);
}

fails(set('--image-file', '/nonexistent'),
      'class set: /nonexistent: No such file or directory', 'no file');
fails(set('--image-file', '/tmp'), 'class set: /tmp: Is a directory', 'a directory');
fails(set('--image-file', '/dev/zero'), 'class set: /dev/zero: it has more than 196608 bytes',
      'a file without an end');
misused(set('--image-file'), qr/--image-file: needs a value/, 'no value');
misused(run('--store', $store, 'class', 'set', 'new', '--image-file', $png),
        qr/class: member "issuer" is required/, 'a class that could not be made');

is(cv('export')->{out}, $before, 'all is as it was');


# An image that was good once: as this version judges, checksums of chunks are
# wrong if zlib says so

SKIP: {
    my $library = temp() . '.so';
    my $source = write_file("unsigned long crc32_z(unsigned long c, const void *p, unsigned long n)\n"
                            . "{ (void) c; (void) p; (void) n; return 7; }\n", temp() . '.c');

    skip 'sanitizers want to be first', 5 if read_file($CredverifyTool::BINARY) =~ /__asan_init/;
    skip 'no compiler', 5 if system('cc', '-shared', '-fPIC', '-o', $library, $source) != 0;

    my $strict = { before => sub { $ENV{LD_PRELOAD} = $library } };

    $r = run($strict, '--store', $store, 'check', '--no-openbadges');
    is($r->{status}, 1, 'check finds it');
    is($r->{err}, "credverify: check: the image of class c: the checksum of its chunk IHDR is wrong; "
                . "set another one, \"credverify class set c --image-file FILE\"\n", 'and says what to do');
    like($r->{out}, qr/^problems +1$/m, 'it is counted');

    my $backup = temp();
    done_ok(cv('backup', $backup), 'a backup');
    done_ok(run($strict, '--store', temp(), 'restore', $backup), 'which can be restored all the same');
}

done_testing();
