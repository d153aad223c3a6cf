# "make install" into a directory of its own: what is there, what it is, and
# that nginx and the command work from there; "make uninstall" leaves nothing.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA;
use File::Find;
use FindBin;
use Time::HiRes qw(sleep);
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;
use Credverify;
use LiveNginx;

plan skip_all => 'what is installed has no sanitizers' if $ENV{SANITIZE};

my $root = abs_path("$FindBin::Bin/../..");
my $module = '/usr/lib/nginx/modules/ngx_http_credverify_module.so';
my $available = '/usr/share/nginx/modules-available/mod-http-credverify.conf';
my $enabled = '/etc/nginx/modules-enabled/50-mod-http-credverify.conf';
my ($png_module, $png_available, $png_enabled)
    = map { s/credverify(_module)?/'credverify' . ($1 ? '_png_module' : '-png')/er }
      $module, $available, $enabled;
my $views = '/usr/share/credverify/views';

# A make of its own, which does not build the module anew for another nginx.

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS ENABLE)};

sub make {
    my ($umask, @arguments) = @_;
    my $old = umask $umask;
    my $out = temp();
    system("cd $root && make -o module @arguments >$out 2>&1");
    umask $old;
    return ($? >> 8, read_file($out));
}

sub make_ok {
    my ($name, @make) = @_;
    my ($status, $out) = make(@make);
    is($status, 0, $name) or diag $out;
    return $out;
}

# { path => mode, or "-> target" of a link }, what is in a directory

sub tree {
    my ($dir) = @_;
    my %tree;

    find({ no_chdir => 1, wanted => sub {
        my $path = substr $_, length $dir;
        $tree{$path} = -l ? '-> ' . readlink : sprintf '%o', (lstat)[2]
            if $path ne '';
    } }, $dir);

    return \%tree;
}

# the same for files that should be there and the directories above them

sub expected {
    my %mode = @_;

    for my $path (keys %mode) {
        while ($path =~ s{/[^/]+$}{} && $path ne '') {
            $mode{$path} = '40755';
        }
    }

    return \%mode;
}

sub contents {
    my ($dir) = @_;
    return { map { $_ => Digest::SHA->new(256)->addfile("$dir$_")->hexdigest }
             grep { -f "$dir$_" } keys %{ tree($dir) } };
}

# what there is to install, below a prefix

sub installed {
    my ($prefix) = @_;
    my $doc = "$prefix/share/doc/credverify";

    my @shared = map { s{^\Q$root\E/conf-examples/views}{$views}r }
                 glob "$root/conf-examples/views/*/*";
    my @examples = map { m{([^/]+)$} }
                   glob "$root/conf-examples/*.{conf,json,yml}";

    return expected(
        "$prefix/bin/credverify" => '100755',
        map { $_ => '100644' } $module, $available, $png_module, $png_available, @shared,
            "$prefix/share/man/man1/credverify.1",
            "$prefix/share/bash-completion/completions/credverify",
            (map { ("$prefix/lib/systemd/system/credverify-$_.service",
                    "$prefix/lib/systemd/system/credverify-$_.timer") }
             qw(backup check)),
            "$prefix/lib/systemd/system/credverify-deliver.service",
            (map { "$doc/$_" } qw(README.md CHANGES LICENSE)),
            (map { "$doc/examples/$_" } @examples),
    );
}

# the inodes of the modules that these processes have mapped

sub module_of {
    my %inode;

    for my $maps (map { "/proc/$_/maps" } @_) {
        open my $in, '<', $maps or return "no $maps";
        $inode{$_} = 1
            for map { m{ (\d+) +\S*/ngx_http_credverify_module\.so} } <$in>;
    }

    return join ' ', sort keys %inode;
}

sub children {
    my ($pid) = @_;
    return split ' ', read_file("/proc/$pid/task/$pid/children");
}

sub pid {
    return read_file($_[0]) =~ /(\d+)/ ? $1 : 0;
}

# also if nobody has waited for it yet

sub ended {
    return read_file("/proc/$_[0]/cmdline") eq '';
}

# waits until it is so

sub becomes {
    my ($is_so) = @_;

    for (1 .. 200) {
        return 1 if $is_so->();
        sleep 0.05;
    }

    return 0;
}


# Installing

my $stage = temp();
my $local = installed('/usr/local');
cmp_ok(scalar(grep { m{^\Q$views\E/.*/} } keys %$local), '>=', 4,
       'there are views');

make_ok('install', 077, 'install', "DESTDIR=$stage");
is_deeply(tree($stage), $local, 'every file, and nothing else');

my $contents = contents($stage);
my $inode = (stat "$stage$module")[1];
open my $mapped, '<:raw', "$stage$module" or die "$module: $!";

make_ok('install again', 0, 'install', "DESTDIR=$stage");
is_deeply(tree($stage), $local, 'the same files and modes, whatever the umask');
is_deeply(contents($stage), $contents, 'the same contents');
isnt((stat "$stage$module")[1], $inode, 'a module in use is replaced');
is(Digest::SHA->new(256)->addfile($mapped)->hexdigest, $contents->{$module},
   'not written to');

my $usr = temp();
make_ok('PREFIX=/usr ENABLE=1', 022, 'install', "DESTDIR=$usr", 'PREFIX=/usr',
        'ENABLE=1');
is_deeply(tree($usr), { %{ installed('/usr') },
                        %{ expected($enabled => "-> $available") } },
          'PREFIX moves what is not of nginx, ENABLE makes a link');
make_ok('again', 022, 'install', "DESTDIR=$usr", 'PREFIX=/usr', 'ENABLE=1');
is(readlink "$usr$enabled", $available, 'the link is the same');

is(read_file("$usr$available"),
   "load_module modules/ngx_http_credverify_module.so;\n", 'the line that loads it');
is(read_file("$usr$png_available"),
   "load_module modules/ngx_http_credverify_png_module.so;\n", 'and that for pictures');

make_ok('ENABLE=png', 022, 'install', "DESTDIR=$usr", 'PREFIX=/usr', 'ENABLE=png');
is(readlink "$usr$enabled", $available, 'the link is the same');
is(readlink "$usr$png_enabled", $png_available, 'and there is one for pictures');

my $other = temp();
make_ok('NGINX_MODULES=/opt/nginx', 022, 'install', "DESTDIR=$other",
        'NGINX_MODULES=/opt/nginx');
ok(-f "$other/opt/nginx/$_", 'a module elsewhere')
    for 'ngx_http_credverify_module.so', 'ngx_http_credverify_png_module.so';
is(read_file("$other$available"),
   "load_module /opt/nginx/ngx_http_credverify_module.so;\n",
   'is loaded from there');
is(read_file("$other$png_available"),
   "load_module /opt/nginx/ngx_http_credverify_png_module.so;\n", 'so is the other');

my ($status, $said) = make(022, 'install', 'DESTDIR=/dev/null');
isnt($status, 0, 'where nothing can be made');
is(scalar(() = $said =~ /^  INSTALL /mg), 1, 'it ends at once');


# What was installed works

my $command = "$stage/usr/local/bin/credverify";
is(`$command --version`, run('--version')->{out}, 'the command');
like(read_file("$stage/usr/local/share/man/man1/credverify.1"),
     qr/^\.SS token new$/m, 'the manual page');
is(`bash -c '. $stage/usr/local/share/bash-completion/completions/credverify
             complete -p credverify'`,
   "complete -F _credverify credverify\n", 'the completion');

my $units = "$stage/usr/local/lib/systemd/system";

SKIP: {
    skip 'no systemd-analyze', 1 unless grep { -x "$_/systemd-analyze" }
                                        split /:/, $ENV{PATH};

    # of the command's and the page's place it knows only the real one
    my @wrong = grep { !/Command 'man |Command credverify is not executable/ }
                `systemd-analyze verify $units/* 2>&1`;
    is("@wrong", '', 'systemd has no complaints');
}

{
    local $Credverify::tool = $command;
    local $ENV{CREDVERIFY_STORE} = Credverify::store();
    my $backups = temp();

    for (qw(check backup)) {
        my $unit = read_file("$units/credverify-$_.service");
        my ($exec) = $unit =~ /^ExecStart=(.*)$/m;
        $exec =~ s/([\$%])\1/$1/g;
        like($unit, qr{^Environment=CREDVERIFY_STORE=/var/lib/credverify$}m,
             "the $_ unit: its store");
        is(system("PATH=$stage/usr/local/bin:\$PATH BACKUPS=$backups "
                  . "$exec >/dev/null"), 0, 'what it runs');
        is(system("PATH=$stage/usr/local/bin:\$PATH BACKUPS=$backups "
                  . "$exec >/dev/null"), 0, 'again');
    }

    my @backups = glob "$backups/*";
    like("@backups", qr{/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\.tar$},
         'a backup of the day');
    my $restored = temp();
    is(system("$command --store $restored restore @backups >/dev/null"), 0,
       'it can be restored');

    # as Debian's nginx-common has it

    my $prefix = "$stage/usr/share/nginx";
    symlink '../../lib/nginx/modules', "$prefix/modules" or die "symlink: $!";

    # an nginx that has the module linked in is not what it is installed for;
    # one that is to start another needs its own path

    chomp(my $debian = `PATH=\$PATH:/usr/sbin:/sbin command -v nginx`);
    local $ENV{TEST_NGINX_BINARY} = $debian
        if ($ENV{TEST_NGINX_LOAD_MODULES} // $module) eq ''
           || !$ENV{TEST_NGINX_BINARY};

    my $user = $> == 0 ? 'user www-data;' : '';
    my $nginx = LiveNginx->start(prefix => $prefix, conf => <<"END");
include $stage/usr/share/nginx/modules-available/*.conf;
$user
pid nginx.pid;
error_log error.log notice;
events { }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    credverify_store $ENV{CREDVERIFY_STORE};
    credverify_views $stage$views;
    server {
        listen 127.0.0.1:\@PORT\@;
        location = /verify { credverify_verify token=\$arg_token; }
    }
}
END

    my $valid = '/verify?token=' . Credverify::token('valid');
    my ($status, $body) = $nginx->get($valid);
    is($status, 200, 'nginx serves a verdict');
    like($body, qr/^\{"valid":true,"reason":"valid",/, 'it is one');

    # an upgrade: a reload keeps the module, a new nginx has the new one

    my @old = $nginx->workers;
    my $before = module_of(@old);
    is($before, (stat "$stage$module")[1], 'workers have the installed module');

    make_ok('install under a running nginx', 022, 'install', "DESTDIR=$stage");
    $nginx->signal('HUP');
    becomes(sub { !grep { !ended($_) } @old });
    is(module_of($nginx->workers), $before, 'after a reload they have it still');
    is($nginx->stop, 0, 'nginx ends well');

    # nginx takes USR2 only as a daemon

    my @daemon = ($ENV{TEST_NGINX_BINARY}, '-p', $prefix, '-c',
                  "$prefix/nginx.conf", '-e', "$prefix/error.log");
    is(system(@daemon), 0, 'nginx as a daemon');

    my $first = pid("$prefix/nginx.pid");
    make_ok('install again', 022, 'install', "DESTDIR=$stage");
    kill 'USR2', $first;
    becomes(sub { my $second = pid("$prefix/nginx.pid");
                  $second && $second != $first && children($second) })
        or diag read_file("$prefix/error.log");
    is(pid("$prefix/nginx.pid.oldbin"), $first, 'after USR2 there are two');
    is($nginx->status($valid), 200, 'they serve');
    kill 'QUIT', $first;
    ok(becomes(sub { ended($first) }), 'the first ends');

    my $second = pid("$prefix/nginx.pid");
    is(module_of($second, children($second)), (stat "$stage$module")[1],
       'the second has the new module');
    is($nginx->status($valid), 200, 'and serves');
    kill 'QUIT', $second;
    ok(becomes(sub { ended($second) }), 'it ends');

    unlink "$prefix/modules", map { "$prefix/$_" } qw(nginx.conf nginx.pid
        error.log stderr);
    rmdir "$prefix/$_" for qw(body proxy fastcgi uwsgi scgi);
}

like(read_file("$stage$module"), qr/\0\Q$views\E\0/,
     'views are where the module looks for them');


# Uninstalling

write_file('', "$stage$views/native/own.json");
my $link = "$stage$enabled";
system('mkdir', '-p', $link =~ s{/[^/]+$}{}r) == 0 or die 'mkdir';
symlink '/etc/own.conf', $link or die "symlink: $!";

make_ok('uninstall', 022, 'uninstall', "DESTDIR=$stage");
is_deeply([sort grep { !-d "$stage$_" } keys %{ tree($stage) }],
          [sort $enabled, "$views/native/own.json"],
          'what was not installed stays');
ok(!-e "$stage/usr/local/share/doc/credverify", 'no empty directory of ours');
make_ok('uninstall again', 022, 'uninstall', "DESTDIR=$stage");

make_ok('uninstall PREFIX=/usr', 022, 'uninstall', "DESTDIR=$usr",
        'PREFIX=/usr');
is_deeply([grep { !-d "$usr$_" } keys %{ tree($usr) }], [], 'nothing is left');
ok(!-e "$usr/usr/share/credverify", 'not even a directory of ours');
ok(!-l "$usr$enabled", 'nor the link');

done_testing();
