# credverify openbadges: the keys that sign badges

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256);
use FindBin;
use lib "$FindBin::Bin/../lib";
use MIME::Base64 qw(encode_base64url);

use Test::More;
use CredverifyTool;

my $root = $> == 0;

sub place {
    my $place = temp();
    mkdir $place or die "$place: $!\n";
    return abs_path($place);
}

sub entries {
    my ($dir) = @_;
    opendir my $in, $dir or die "$dir: $!\n";
    return join ' ', sort grep { !/^\.\.?$/ } readdir $in;
}

sub keygen {
    my $how = ref $_[0] ? shift : {};
    return run($how, 'openbadges', 'keygen', @_);
}

sub mode_of {
    return sprintf '%04o', (stat shift)[2] & 07777;
}

# what openssl says of a key

sub openssl {
    my @command = map { "'$_'" } @_;
    return scalar `openssl @command 2>&1`;
}

# RFC 7638, of what openssl reads

sub thumbprint {
    my ($public) = @_;
    my $text = openssl('pkey', '-pubin', '-in', $public, '-noout', '-text');
    my ($hex) = $text =~ /^Modulus:\n((?:    [0-9a-f:]+\n)+)/m or return $text;
    my ($e) = $text =~ /^Exponent: \d+ \(0x([0-9a-f]+)\)/m or return $text;

    $hex =~ s/[^0-9a-f]//g;
    $hex =~ s/^00//;
    $e = "0$e" if length($e) % 2;

    return encode_base64url(sha256(sprintf '{"e":"%s","kty":"RSA","n":"%s"}',
                                   map { encode_base64url(pack 'H*', $_) } $e, $hex));
}


# A key, where there is no store

my $dir = place();
my $file = "$dir/badges.key";

my $r = do {
    local $ENV{CREDVERIFY_STORE} = '/nonexistent/store';
    keygen($file);
};

done_ok($r, 'keygen');
is(entries($dir), 'badges.key badges.key.pub', 'two files');
is(mode_of($file), '0600', 'the private one is for its owner');
is(mode_of("$file.pub"), '0644', 'the public one for everybody');

my $id = thumbprint("$file.pub");

like($id, qr/\A[A-Za-z0-9_-]{43}\z/, 'a thumbprint');
is($r->{out}, <<"EOF_OUT", 'what it says');
id              $id
bits            2048
private         $file
public          $file.pub

For nginx.conf, before http, unless it is there:

    thread_pool credverify threads=2;

and in the location of credverify_openbadges:

    credverify_openbadges_key $file;
EOF_OUT

my $private = read_file($file);
my $public = read_file("$file.pub");

like($private, qr{\A-----BEGIN[ ]PRIVATE[ ]KEY-----\n
                  (?:[A-Za-z0-9+/]{64}\n)+[A-Za-z0-9+/]{1,63}={0,2}\n
                  -----END[ ]PRIVATE[ ]KEY-----\n\z}x, 'PKCS#8 in PEM');
like($public, qr{\A-----BEGIN[ ]PUBLIC[ ]KEY-----\n
                 (?:[A-Za-z0-9+/]{64}\n)+[A-Za-z0-9+/]{1,63}={0,2}\n
                 -----END[ ]PUBLIC[ ]KEY-----\n\z}x, 'SubjectPublicKeyInfo');
is(openssl('pkey', '-in', $file, '-pubout'), $public, 'one is of the other');
like(openssl('rsa', '-in', $file, '-check', '-noout'), qr/^RSA key ok$/m,
     'openssl has nothing against it');


# One that is there stays

for (["is there already", $file], ['its public one is', "$file.pub"]) {
    my ($name, $there) = @$_;
    my $other = place();
    my $new = "$other/" . ($there =~ /pub$/ ? 'k.pub' : 'k');

    write_file('kept', $new);
    my $how = $there =~ /pub$/ ? '' : '; its public one is made of it by '
            . "\"openssl pkey -in $other/k -pubout -out $other/k.pub\"";
    fails(keygen("$other/k"),
          "openbadges keygen: $new: is there already; no key is ever replaced$how",
          "a file that $name");
    is(read_file($new), 'kept', 'it has not changed');
    is(entries($other), ($there =~ /pub$/ ? 'k.pub' : 'k'), 'nothing beside it');
}

fails(keygen($file),
      "openbadges keygen: $file: is there already; no key is ever replaced",
      'once more');
is(read_file($file) . read_file("$file.pub"), "$private$public", 'as they were');

{
    my $other = place();
    symlink "$other/nowhere", "$other/k" or die;
    fails(keygen("$other/k"), "openbadges keygen: $other/k: is there already; "
          . 'no key is ever replaced', 'a link that leads nowhere');
    is(entries($other), 'k', 'leads nowhere still');

    mkdir "$other/d" or die;
    fails(keygen("$other/d"), "openbadges keygen: $other/d: is there already; "
          . 'no key is ever replaced', 'a directory');
}


# A public one that was lost is made as the error says

{
    my $other = place();
    my $lost = "$other/k";
    done_ok(keygen($lost), 'a key');

    my $was = read_file("$lost.pub");
    unlink "$lost.pub" or die;

    $r = keygen($lost);
    my ($command) = $r->{err} =~ /by "(openssl [^"]+)"$/ or diag $r->{err};
    system("$command 2>&1");
    is(read_file("$lost.pub"), $was, 'is as it was');
    fails(keygen($lost), "openbadges keygen: $lost: is there already; no key is ever replaced", 'and not said any more');
}


# Larger ones, other forms

for my $bits (2056, 4096) {
    my $other = place() . '/k';
    $r = keygen('--json', $other, '--bits', $bits);
    done_ok($r, "$bits bits");
    is_deeply([json_lines($r->{out})],
              [{ id => thumbprint("$other.pub"), bits => $bits,
                 private => $other, public => "$other.pub" }], 'as JSON');
    like(openssl('pkey', '-in', $other, '-noout', '-text'),
         qr/^Private-Key: \($bits bit,/, 'openssl counts them too');
}

for my $bits ('2047', '1024', '4097', '0', '-1', '', 'many', '2048.0') {
    my $other = place();
    misused(keygen("$other/k", "--bits=$bits"),
            qr/--bits: "\Q$bits\E" is no number from 2048 to 4096; /,
            "\"$bits\" bits");
    is(entries($other), '', 'no file');
}

misused(keygen("$dir/other", '--bits', 2049),
        qr/--bits: a key is made with 2048 to 4096 bits, a multiple of 8; /,
        'an odd number of bits');
misused(keygen(), 'openbadges keygen: FILE is expected; '
        . 'see "credverify help openbadges keygen"', 'no file');
misused(keygen($_), 'openbadges keygen: a key is kept in a file, which needs a '
        . 'name; see "credverify help openbadges keygen"', "\"$_\"") for '-', '';
fails(keygen('/nonexistent/k'),
      'openbadges keygen: /nonexistent/k.pub: No such file or directory',
      'no such place');
fails(keygen('x' x 4096), qr/: File name too long\n\z/, 'a long name');
fails(keygen($dir . '/' . 'x' x 254), qr/: File name too long\n\z/,
      'a name with room for the private one only');

# what nginx takes as a word, wherever it was run

for (['k', 'k'], ['two words', '"%s/two words"'], ["it's;{\$x}", '"%s/it\'s;{$x}"'],
     ['say "k\\"', '"%s/say \\"k\\\\\\""'], ['#k', '"%s/#k"'],
     ["a\x1b[1m", undef])
{
    my ($name, $word) = @$_;
    my $other = place();

    $r = keygen({ before => sub { chdir $other or die } }, $name);
    done_ok($r, "a relative name: " . ($word // 'with control characters'));
    is(entries($other), join(' ', sort $name, "$name.pub"), 'is there');

    if (defined $word) {
        $word = "%s/$word" unless $word =~ /%s/;
        is((split /\n/, $r->{out})[-1],
           sprintf("    credverify_openbadges_key $word;", $other), 'in nginx.conf');
    } else {
        unlike($r->{out}, qr/\x1b/, 'is shown, not obeyed');
    }
}


# The key is nowhere else

{
    my @middle = (split /\n/, $private)[3 .. 10];
    my $words = join '|', map { quotemeta } @middle;

    for (['openbadges', 'keygen', $file], ['openbadges', 'keygen', '--json', $file],
         ['openbadges', 'keygen', "$file.pub"])
    {
        my $said = run(@$_);
        unlike($said->{out} . $said->{err}, qr/$words|BEGIN/, "@$_[0, 1] does not show it");
    }
}


# Where it cannot be written

SKIP: {
    skip 'no /dev/full', 2 unless -w '/dev/full';
    my $other = place();
    fails(keygen({ stdout => '/dev/full' }, "$other/k"),
          'openbadges keygen: standard output: No space left on device; '
          . 'the key was made', 'no output');
    is(entries($other), 'k k.pub', 'it was');
}

my $shim = shim();

SKIP: {
    skip 'no library to stand between', 24 unless $shim;

    for my $named (0, 1) {
        for my $space (0, 100, 460, 1000, 2000) {
            my $other = place();
            my $which = $space < 451 ? 'k.pub' : 'k';

            fails(keygen({ under_shim(SHIM_SPACE => $space,
                                      $named ? (SHIM_NAMED => 1) : ()) }, "$other/k"),
                  "openbadges keygen: $other/$which: No space left on device",
                  "room for $space bytes");
            is(entries($other), '', 'nothing is left');
        }

        my $other = place();
        done_ok(keygen({ under_shim($named ? (SHIM_NAMED => 1) : ()) }, "$other/k"),
                'with room');
        is(mode_of("$other/k") . mode_of("$other/k.pub"), '06000644', 'and modes');
    }
}

# where modes are as they are, whoever reads

SKIP: {
    skip 'no library to stand between', 2 unless $shim;
    my $other = place();
    fails(keygen({ under_shim(SHIM_MODES => 1) }, "$other/k"),
          "openbadges keygen: $other/k.pub: Operation not supported", 'no modes');
    is(entries($other), '', 'nothing is left');
}

# somebody else's that comes meanwhile stays, too

SKIP: {
    skip 'no library to stand between', 6 unless $shim;

    for my $named (0, 1) {
        my $other = place();
        my $job = start({ under_shim(SHIM_SLOW => 1500,
                                     $named ? (SHIM_NAMED => 1) : ()) },
                        'openbadges', 'keygen', "$other/k");
        for (1 .. 500) {
            last if -e "$other/k.pub";
            select undef, undef, undef, 0.02;
        }

        write_file('kept', "$other/k");
        fails(finish($job), "openbadges keygen: $other/k: is there already; "
              . 'no key is ever replaced', 'another one that came');
        is(read_file("$other/k"), 'kept', 'stays');
        is(entries($other), 'k', 'alone');
    }
}

# nor is anything left of one that is ended

SKIP: {
    skip 'no library to stand between', 4 unless $shim;

    for my $named (0, 1) {
        my $other = place();
        my $job = start({ under_shim(SHIM_SLOW => 60000,
                                     $named ? (SHIM_NAMED => 1) : ()) },
                        'openbadges', 'keygen', "$other/k");
        select undef, undef, undef, 2;
        kill 'TERM', $job->{pid};
        is(finish($job)->{signal}, 15, 'it is ended');
        is(entries($other), '', 'nothing is left');
    }
}

SKIP: {
    skip 'not root', 2 unless $root;
    my $other = place();
    chmod 0755, $other;
    fails(keygen({ as => 65534 }, "$other/k"),
          "openbadges keygen: $other/k.pub: Permission denied", 'no permission');
    is(entries($other), '', 'nothing is left');
}

{
    my $other = place();
    umask 0777;
    $r = keygen("$other/k");
    umask 022;
    done_ok($r, 'whatever the mask');
    is(mode_of("$other/k") . mode_of("$other/k.pub"), '06000644', 'the same modes');
}

done_testing;
