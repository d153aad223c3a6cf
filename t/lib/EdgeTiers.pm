package EdgeTiers;

# conf-examples/edge.conf as it is, but for ports: two nginx of the same
# configuration, of which one is the edge and one the origin.

use strict;
use warnings;

use Cwd qw(getcwd);
use Credverify;
use LiveCommand qw(free_port);
use LiveNginx;

my $root = getcwd();
my $example = LiveNginx->slurp("$root/conf-examples/edge.conf");

# Debian's module for purging is for Debian's nginx, of which one that has ours
# linked in is not: such an edge purges nothing.

sub purges {
    return ($ENV{TEST_NGINX_LOAD_MODULES} // 'any') ne '';
}

# The URL by which the example is purged, for another port.

sub template {
    my $port = shift;
    my ($url) = $example =~ m{^#\s+'(http://127\.0\.0\.1:8082/\S+)'$}m or die 'no URL';
    return $url =~ s/:8082/:$port/r;
}

# start(store, age, edge_has, origin_has): the edge and the origin, which tells for
# how long an answer may be kept, and what either has beside; $edge->{purge} is the
# port for purging.

sub start {
    my ($store, %is) = @_;
    my $origin = tier($store, %is, edge => free_port(), purge => free_port(), origin => '@PORT@', upstream => 1);
    my $purge = free_port();
    my $edge = tier($store, %is, edge => '@PORT@', purge => $purge, origin => free_port(), upstream => $origin->{port});

    $edge->{purge} = $purge;
    return ($edge, $origin);
}

sub tier {
    my ($store, %is) = @_;
    my $prefix = Credverify::folder();
    my $conf = $example;

    mkdir "$prefix/var" or die $!;
    symlink "$root/$_", "$prefix/$_" or die "$_: $!" for qw(build conf-examples);
    symlink $store, "$prefix/var/store" or die $!;

    $conf =~ s/^(\s*)server 127\.0\.0\.1:8081;/$1server 127.0.0.1:$is{upstream};/m or die 'no upstream';
    $conf =~ s/listen 127\.0\.0\.1:8080;/listen 127.0.0.1:$is{edge};/ or die 'no edge';
    $conf =~ s/listen 127\.0\.0\.1:8081;/listen 127.0.0.1:$is{origin};/ or die 'no origin';
    $conf =~ s/listen 127\.0\.0\.1:8082;/listen 127.0.0.1:$is{purge};/ or die 'no purging';

    if ($is{age}) {
        $conf =~ s/credverify_max_age 3s;/credverify_max_age $is{age};/ or die 'no max-age';
        $conf =~ s/inactive=1m/inactive=$is{age}/ or die 'no inactive';
    }

    $conf =~ s/^(?= +# All else is passed on)/$is{edge_has}/m or die 'no edge' if $is{edge_has};
    $conf =~ s/^(?= +location = \/health )/$is{origin_has}/m or die 'no origin' if $is{origin_has};

    if (!purges()) {
        $conf =~ s/^ +if \(\$request_method != PURGE\).*?proxy_cache_purge \S+ \S+;\n//ms or die 'no purging';
    }

    return LiveNginx->start(conf => $conf, prefix => $prefix, log => 'var/error.log');
}

1;
