package OldStore;

# Stores of older formats, as the programs of then made them of these lines.

use strict;
use warnings;

use Exporter qw(import);
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use MIME::Base64 qw(decode_base64);

our @EXPORT = qw(old_store @OLD_LINES);

our @OLD_LINES = split /^/, <<'EOF';
{"kind":"issuer","id":"i","name":"Issuer"}
{"kind":"class","id":"c","issuer":"i","title":"Class","number_format":"N-{seq}"}
{"kind":"holder","id":"h","name":"Holder"}
{"kind":"credential","id":"x","class":"c","holder":"h","status":"issued","number":"N-7","code":"LBxJ5RuX"}
{"kind":"credential","id":"y","class":"c","holder":"h","status":"draft"}
{"kind":"credential","id":"z","class":"c","holder":"h","status":"revoked","public_id":"AB-1"}
{"kind":"token","token_sha256":"aaf93247e5f48b4efa218063f6fc16cbf5e58d27867c24676547ba2a4bec784b","credential":"x"}
EOF

# what was data.mdb, compressed; LMDB's is of one byte order

my %data = (
    1 => <<'EOF',
H4sIAAAAAAAA/+3dTWgcZRzH8f+87GSTdudJFympiMQQfCkEulpNpT1oxUbbEGor4klZdyfJks2G
Zndlm6h4KBJsPRQRREpAaEEELyJFRER6aCF62lMPklvsRWIPVqgImp3dmczOZplNFE30+znMy/My
z2SSHH4zs8+KeOLucvnbn7/RJKjXX8WfWq9pbrO+b29Y2tq+u7HeHeqnCwAAAAAA+Ltpm8r/0cf7
o6HT/O/lfaNNOwAAAAAA8Nfpga0BqSZs+5wy1YJ9TF1To3Y1cd3mGgEAAADA9nTAzXKmTDuldL2k
/VPY8NPXel9LMpPpwoTT6YjeM19v5HyuMLW1vpasDZzNb3HkmJRmppzCZjs3fuoeycw6WadQyqXz
Wz77mXzWmd3q2Wfy6WJxi2dvSa5YLG9+bCPwt3CPVNWqqir+hwAAAAAA2O563aUp5XIumzo9f/VW
774jt2+kLlwavnjFdOssGZ+ZnU6X1jY1M5D/k7Kslkn/AAAAAADsMEl3Gfd2NU0TLaeL9bz7rsBg
/vD7sUD+H5CTalX9oJbUl6qixtWieled5H4AAAAAAAAt6lk7Jl3p14ZSjTKjUaqLOecV+SVnvfhd
LzHFGhsa9vJ6vaxbYqNHK8cfP1V+2atYP2Klua0uxmS4RM+ES7ScV2IF8v/9klTL6mv10Vr6f0kd
VEmyPwAAAADgP2tPIMev6QrMTK99fDe58Em4hWX4Ob9Ni5jhZ+w2LczIUQw9qoWuRbXQpKVFVyD/
J2VJLZH5AQAAAADYxh4MZf3au/4Z3S/QDIk9U5tg0JausaH5onPmzeXBOyvxQP7vlz71o/pefaiy
6nP1ljqu+rgbAAAAAAD4H3hEvPnxtE/vPjqy8sv5sd8eeDvz6+97v7uz8t5D77wxOOGMfLX/xE+V
E412e1q+yd7wa/S2NeE+ets+ets+Wts+6zVaS013IP8z/x8AAAAAADvRRvP/TepiPed+T+HrB5+4
ryeQ//fKIfWFmlOHuAcAAAAAAIAr1ZysjVqynmt6297fNP1Nq0fMp48OpUZeufeM7G8+gl47wtmo
I8jUi6lnD2+Q6itRPfW4GGNDw90S9+YS/OAF/VXZFcj/SbmsLpP9AQAAAAD4VzzmLvsl6iMImib9
UW0Ctwme/Oy8yO5A/h+QasK2zylTLdjH1DU1alcT122uPwAAAABsTwfcLGfKtFNKN5KeX6eF2nqf
IU809bUkM5kuTDhRvb25463QyPlcYSqqbzy09kZeGzibjxzZ+9R6rKl3TEozU04hqrO3v6v5ivVI
ZtbJOoVSLp3v9Lr1hM/efa++0xPoDp19pjY9X6eduyQ0dq5YLHc+thn6zdff/19Uq2pRVXkHAAAA
AACAf9DDjaxecColP6ZvvPYnKuxt7JbLuWzq9PzVW737jty+kbpwafjilXojS8ZnZqfTtSNqdiD/
J+Wmukn2BwAAAABgx+hzl/GW2wRGaP9PBfb96ADwAAA=
EOF
    2 => <<'EOF',
H4sIAAAAAAAA/+3db2gbdRzH8e/9yZ92SX5p0FHdlCllzkGh3aar7oE6cdNWSidD9siRJbfmTJqs
+eO6zYkPhoMO92BDkDGEweaDgU/EByoisgejVJljTNgDqY/mI9lA3GAqzDbJJZdrS9JMsJvv14NL
7ne/7/2u11zhc7m7ijiC5enMdze/1cQtWnsJvlhf0tinPh9dsHV+f6dfxDOvCwAAAAAA+LdpS8r/
zdd3t6rV/O/kfWORfgAAAAAA4N7prnd90h3aGToROqJMFQpvUxfUcORyqDs0HY5EBsOTkYuRyTB7
DAAAAHjw9JUTgSljVjFeaVn8uzzvd3iVWp/ES0m72OqAtS8OK9V+SaTi2VFrqeXOdmfsbLq9Wr/M
DpzMtDlyUArWeMnKJtqsD8h+a08ql0u3ud9CkouXiqndiYxtZYvt/gz78rnRvFUotFdvSNo60Ob2
m1K0rXx74/qkmEtb2TZH7pRE3krO7jQ7nmn7k5PLJNvf+kQmvvRdXjte7EKhtPSxDddR/JBcUTfU
FcVfPwAAAAAAlrtoeWpKqWQnz3WdGpq6ffRkz7qR09GBVcfN8jK/7M3lx+JzZ4d005X/YzKjZkj/
AAAAAADcZ2LladCZ1TRNNFsX/2vlawV6MltO+lz5/0kZUTfUz2pafakm1F71iZpUI5wPAAAAAABg
nkrW9kkgvqe3v9pmVFt1MQ86TbUW50YJvdJiin+4d7OT1yttHeJ7fevE4DNvlHY5C+prnGjsq4uR
8rboCW+LZjstflf+Xy1XI5fUafW2GlB+dTXCbxMAAAAAsJw9Up52yd1a/q6YzbramTuxXzZ0SECC
iYz9fD6XK2pbrcPeCueJFr56hVavGP3p5rwK55kYZr3CqFecj27c4VTongqjXiH1iqM/nvndqdA8
FfqCFZ8eemGtUyGeCm3Biof/+ioYcOX/xyWmZtQ36pSaUG+qTSrGd/8AAAAAgAdWJT3XrpkPGN4M
7e3hN7xJ3tvDZ3iTu7eH2XQUQ2/WQ9ea9dBkXo+gK//HZFpNk/kBAAAAAFjG1nqy/ty9/gm91qAZ
4nt57h8MRCQw3HuoYI0fnum5db3Dlf/XSLf6Vf2gPlZJ9bl6Tw2qbs4GAAAAAAD+B54W5/n42vk7
G7Zf/+PY8J9PvJ+4/ffK729d//CpD97tGbW2f71+6LeJoWq/LnF9k19m1Jboiy7x1uiL1uiL1miL
1tSXaPOWdLryP8//BwAAAADgfrTQ8/9TuvhfzWWSVv6dTc+uXuHK/ytlQH2hDqoBzgEAAAAAAFDW
35isjblkfbDhavvaW7P21t8p5ktbe/u3v/XouKxvXIM+t4YDzdYg6Z39r2xZINVPNKvUg2IM927u
kKDzvwQ+2qHvlpAr/8fkrDpL9gcAAAAA4D+xsTxdI81uQdA0WdOsj+s0wXOfHRMJN+T/KTVF/gcA
AAAAYNmqPP2vdjf/3AP+tXrU111XKtTeBvY/dunziCv/90l3aGfoROiIMlUovE1dUMORy6Hu0HQ4
EhkMT0YuRibD7GkAAADgwdNXTgSmjFnFeC1SiPedEykqVEOtT+KlpF1sVuz3vFar/ZJIxbOjVrPy
gOfV2e6MnU03q3WCUIdn5NmBk5mmIztVvobqoBSs8ZKVTTStd+bDDfUB2W/tSeVy6VZ/UXerqvUh
ycVLxdTuRMa2ssWlrsT5Gfblc6N5q1Bor96QtHWgze03pWhb+fbG9Ukxl7ayre74UOMnrlMSeSs5
u9PseKbVT/wK7yenfF99qxvQ6TleEnOP52+1OOg9XuxCodT62KbnmK3c/59VN1RWXeEaAAAAAAAA
7sGuavbOWhPFWuxe+NX0BPaWX6PV8lLJTp7rOjU0dfvoyZ51I6ejA6uOV1bql725/Fh8bgv0qCv/
x+Saukb2BwAAAADgvtFdngbnnVYwPPP/AMNyBsIAEAEA
EOF
    3 => <<'EOF',
H4sIAAAAAAAA/+3db2jcZBwH8F/+3J/27vK0J5Q6p0wtyiaVdVZXHYJO3LSTY8oQ38wuzWW97NLL
mlzcdf5BcIh0yAaiiJaJMH3RTQrDFyIqUqSMKhW3vejAFd9MGMj0hRMmwuzdJblc2nK9ONjmvp8X
l9yT55cnSa/lvrlLSuSKVx7nv/39G4782rxJ/LHakvo+tedtS7Yu7p92plKgjicAAAAAAAAAuNq4
pvJ/4/Vdcaw0/7t5X1imHwAAAAAAAAD8d7xvrpfGE3OJjuQBJrLZ5OHkFjbFMtKO5HhiJiVJ/akx
aVpKpsZSOGoAAAAAAFff+sq7cpGG1aJcbVn+8zQhMK3WRki2s1pxpQN6H95Vq6Ok5OTCkNpsubvd
ulbIh6uN0sLAWT3kyBEaMuVC2L2OkG3Jze+0Ux0nSx2x1YIScttjtE8dzBlGPuT4STJku5gbUHRN
bf4QuPuw1zSGTNWywtULlFdHQ26/SEVNNcP+3ItGXi2EHLmVFFPNLhw0TdZDv2oNPRt+6xVdbv6Q
e7+rmmXZzY8t+PJ/Bx1nx9lFdorhby8AAAAAAADAtdJZeYySohuWmnVS+0R9H36irTIVyba17OSe
9mluw6HTayenzp3deWGX6Kxht2EOy+WzQ4Loy/9pmmfzyP4AAAAAAAAAN5jqVfZx9ynHccRpPEWf
rnxXoEvf9E7El//vou3sIvuZzbAvWIntZkfYGNuO8wEAAAAAAAAAi1SzdoRi8mB3j9MmOK08ifvd
Jq/FvVCCr7aIFM10b3TzerWthSLPbC71P/ic/YK7oLbGUn1fnoRcsIVXgi2c5rZEffl/NZ2RZtk4
28P6WJSdkfDTBAAAAAAAgOvZrZXHdrri5e+qhazLfXw5/dZUC8UorujaI6ZhFDNH3rg/WOHeFS9S
q+BqFZMfdo4GK9z7cYi1CqFW8eMZ8xe3gg9UCLUKqlX88dHXF9wKLlDBL1nx0313P+pWUKCCW7Ji
8Ngnt8R8+f8OSrN59hX7gJXY86yXpfHZPwAAAAAAAPxvVdOz9535mBDM0MEeUSGY5IM9IkIwuQd7
iA1HEfhGPXiuUQ+OFvWI+/J/mmbYDDI/AAAAAAAAwHXsnkDWL1/rr/BeAydQ5InyPxiQKJbpftlS
R16d77p0vsWX/9dQJ/uV/cDeZ1l2gr3G+lknzgYAAAAAAADATWAtuffH5yYub9h6/s+Dmb/vfF35
65+O7y+df/veN1/pGlK3frlu22+lbU6/dvJ9kl8heEv4ZZcEa/hla/hla7hla2pLuEVLWn35H/f/
BwAAAAAAALgRLXX//xxP0acMPauaL/U+tDrhy/8d1Mc+Z/tZH84BAAAAAAAAAFT01CdroZys99d9
296bFb3ZaCuJj2/u7tn64qoRWle/Br68htFGa6D8jp4nNy2R6kuNKvk4CZnujS0Ud/+XwLvP8gOU
9OX/NB1lR5H9AQAAAAAAAK6JByqPa6jRJQgcR2sa9fGdJnj4s4NEqbr8f5KdRP4HAAAAAAAAuG5V
7/7nXc1fvsE/V4v6vO+bCt5sbN/tsyckX/7vpfHEXKIjeYCJbDZ5OLmFTbGMtCM5nphJSVJ/akya
lpKpsRSONgAAAADA1be+8q5cpGG1KHtv6yk4VxVxpqyuNkKyndWKjYqjgalTHSUlJxeG1EblscDU
3W5dK+Qb1bphpCUw8sLAWb3hyC2BvXf3esiUC8WVHuYrDq/atmR3p5uujpOljthqQWm47e7zVN22
x2ifOpgzjHzI8ZNkyHYxN6Domtr8IXD3Ya9pDJmqZYWrFyivjobcfpGKmmqGGzdCRSOvFlZ64JP1
r/ZWUkw1u3DQNFlvtAr33nuJ4Ku2cl39SjegNfCqVcq3519pcTz4u6pZlr3yscXA34vyOlZRFzvO
LrI+1sVO4XsAAAAAAAAAcJOJO5nfsoePDXza+d17pdso56TogloqegF66akYiN6hp52VSZQU3bDU
rDPIRP228hNtzqC2rWUn97RPcxsOnV47OXXu7M4Lu0RnDbsNc1gub7fQ5sv/aZpjc8j9AAAAAAAA
ADeM6rmC+KKTEULg+b8XmgcLABABAA==
EOF
    4 => <<'EOF',
H4sIAOZsAGsC/+3db2gb5x0H8N/9kXS2pHscEdI2uCXpQtuVGCRZsuXlTZMyJ02Ku43QBEoXTneP
7ItkXaOTGif7w6ChL9yOFtqUtpTSQlqYSfci7MUwpZRQ2uCOUEpgeTH8ZqSUUjwGyyD740x/7k7S
2a7sWyGJ+X5e6KTT83ueR4cs9D2d74hcSvN28eO/fSRQpwFvoTzSfqa7TfvxllXXrmy/1VkyX51I
AAAAAAAAAPB9EzaU/3v3d9Ox3vzv5n1pjXYAAAAAAAAA8P8TO+7laDD6Yuxo9LXoGSazy7GB2Dib
iF1kE+qV6GB0Ia6qB+Oz6qdqLD4bx5YDAAAAgM0m2fxWLNM0r2qtNWv/niX5lq3aEGk1w6yud0Dv
x7NWdZj0Ka08yTda7s67ZJaLwWrDVB/YKAUcOUTmtLbxaTuvuo802+aVqmmVA/YQosmKVq4Grq7Z
wWevkM1P1HhZD7jtInSS56csqxhw/BhZWq06dUwvmXzjm8B9Dc9UrMkKt+1g9RIV+amA85epavJK
0Pdd1SryoO+aftIr3KhvNFMrBf6rsUpG8NnrJW3jm9z7rDBtu7bxsaWO/L+NzrPzbIl9yfDZDwAA
AAAAAHCr3N28DZNesmxuOKl9rruNONc6Xl+mWs00jijbX31KTxx/Sblr99LLTx+QnR4KVmVaa+wd
kuWO/J+gRbaI7A8AAAAAAABwh0k0bxX3oSAIJJgihR9rHiuwq7TnlVBH/n+I5tUl9he2wP7IxpnI
3maz7Ft1K5tXj2KvAAAAAAAAANwirVS7k+KZVLaQT4/paW5wfTiXHhlNGYWkns5raW00n0477SWn
IkQRLT+U8q0VST7trurqeTRdyA+ns3w4NZbJpYzUmDaSyqdzWi5ppLzk7PXh/tuD2D27XFbTeSE5
kstrI5lURs9mRwqp4RE+XMi60dzpQ6bwxNCou7K1ro9Cj++bOZj9We2or3V9xJnutiJJU/41ou5f
I5jumnBH/h+kK+pl9hY7znIszK6oeI8BAAAAAADA7eye5u0Wuull/JZ61hXevfG7/O/7KEKKXjJ/
VLGsqvL1Z+/4K9yz4oXaFUK74t+f5PL+Cvd8IHK7QmpXXJx/v+xWiL4KqV1B7Yov/npp3q0QfBXi
qhV/P/KkNwb5KoRVK/b9+YtHIh35/z5KsEX2IXuTzbAnWYYl8Ks/AAAAAAAAbFqt9OwdMx+R/Bna
3yIs+ZO8v0VI8id3fwu55yiS2KuFKPRqIdCKFkpH/k/QAltA5gcAAAAAAAC4jT3gy/qN//XXRW+F
IFHo0cYFBlSKTAz9wuYnfrW46/q1vo78fz8tq1+xP7HXmcEusF+zg2xZTWJ/AAAAAAAAAGwSPyT3
LPjC3I30/mv/eGHiXzt/o//zP9s+v37ttw8+/8tdk3z//MOHvp055LTbQu7/zXccxe88I635jLju
GnHNGnHNGmHNmvYzwopn+jvyP87/DwAAAAAAAHAnWu38/1MihQ9YJYNXns2MDEY78v82yrE/sNMs
h30AAAAAAAAAAE2p7mQtNZL16a6j7b27snc33E/y3n1Dqf0/336CHu7uQWz0cKpXD1Q8nPrxnlVS
/UyvSlEhaWJotI8U91oCZ38qHqNYV/5fVufYYbaMM/8DAAAAAADApjK+MsW7DySRdvS6sqBEA3oy
mx5Oask8NzJj+XQ+sfOJr8ZXJnsvhTu9ftdVBeu9JrWCXshldW2sYOjZTPIHe/6bGl+Z+r2Y7871
O64zWO91LJ0dHtNHs5kRPZmprx/6yRvvxTvyf4LOsXP47R8AAAAAAADglhhu3u6gXicnEATa0atN
x2ECYx+8QKR25f9L7BLyPwAAAAAAAMBtq3X2f+9sfo0L/HUdH9A+xsG7Gzl57+ULrCP/52gw+mLs
aPS16Bkms8uxgdg4m4hdZBPqlehgdCGuqgfjs+qnaiw+G8cWBwAAAIDNJtn8VizTNK9q3tdq8t9r
CTnLga7aEGk1w6z2Kg77lk51mPQprTzJe5VHfEt33iWzXOxV2+dbuiPXBzZKPUeO+V69+6rNac2d
dm83HU51H2m2zStV0yr3Gl7yTcMbf7KilasBxw9RzQ4+e4VsfqLGy3rPbec+VrvmHqGTPD9lWcWA
48fI0mrVqWN6yeQb3wTua3imYk1WuG0Hq5eoyE8FnL9MVZNXgo0boqpV5OX1bvh497umn/QKN+ob
zdRK633jRf1/Nc3z6q13Av2+d63euDzfeosV/2eFadu19Y8t+z6vGn1sp63sPFtiD7Gt7EscBwAA
AAAAAACbnOJkfLs2ffbQ2W+eW07spRknNZf5TNULzKsvZV/U/t6WdzcXYdJLls0NZ9C57rmLcwPO
JGo10ziibH/1KT1x/CXlrt1LLz99QHZ6KFiVaa3xOuQtHfk/QVfZVeR+AAAAAAAAgDtGa1+BsmLn
hOR7/D9/DxiQACABAA==
EOF
);

# makes the directory

sub old_store {
    my ($format, $dir) = @_;
    my $packed = decode_base64($data{$format});

    mkdir $dir or die "$dir: $!\n";
    gunzip(\$packed, "$dir/data.mdb") or die "$dir: $GunzipError\n";

    return $dir;
}

1;
