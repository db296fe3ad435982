/** Internet protocol numbers that programs look up by name (IANA "Protocol Numbers"). */
const PROTOCOLS: readonly (readonly [string, number, string])[] = [
  ["ip", 0, "IP"],
  ["icmp", 1, "ICMP"],
  ["igmp", 2, "IGMP"],
  ["ipencap", 4, "IP-ENCAP"],
  ["tcp", 6, "TCP"],
  ["egp", 8, "EGP"],
  ["igp", 9, "IGP"],
  ["udp", 17, "UDP"],
  ["dccp", 33, "DCCP"],
  ["ipv6", 41, "IPv6"],
  ["ipv6-route", 43, "IPv6-Route"],
  ["ipv6-frag", 44, "IPv6-Frag"],
  ["rsvp", 46, "RSVP"],
  ["gre", 47, "GRE"],
  ["esp", 50, "IPSEC-ESP"],
  ["ah", 51, "IPSEC-AH"],
  ["ipv6-icmp", 58, "IPv6-ICMP"],
  ["ipv6-nonxt", 59, "IPv6-NoNxt"],
  ["ipv6-opts", 60, "IPv6-Opts"],
  ["eigrp", 88, "EIGRP"],
  ["ospf", 89, "OSPFIGP"],
  ["pim", 103, "PIM"],
  ["vrrp", 112, "VRRP"],
  ["l2tp", 115, "L2TP"],
  ["sctp", 132, "SCTP"],
  ["udplite", 136, "UDPLite"],
  ["mpls-in-ip", 137, "MPLS-in-IP"],
];

/** Service names that programs look up (IANA "Service Name and Transport Protocol Port Number Registry"): name, port, protocols, aliases. */
const SERVICES = `tcpmux 1 tcp
echo 7 tcp udp
discard 9 tcp udp
systat 11 tcp
daytime 13 tcp udp
qotd 17 tcp
chargen 19 tcp udp
ftp-data 20 tcp
ftp 21 tcp
ssh 22 tcp
telnet 23 tcp
smtp 25 tcp mail
time 37 tcp udp
whois 43 tcp
domain 53 tcp udp
bootps 67 udp
bootpc 68 udp
tftp 69 udp
gopher 70 tcp
finger 79 tcp
http 80 tcp www
kerberos 88 tcp udp
pop3 110 tcp
sunrpc 111 tcp udp portmapper
auth 113 tcp ident
nntp 119 tcp
ntp 123 udp
epmap 135 tcp
netbios-ns 137 udp
netbios-dgm 138 udp
netbios-ssn 139 tcp
imap2 143 tcp imap
snmp 161 tcp udp
snmp-trap 162 tcp udp
bgp 179 tcp
irc 194 tcp udp
ldap 389 tcp udp
svrloc 427 tcp udp
https 443 tcp udp
microsoft-ds 445 tcp udp
kpasswd 464 tcp udp
submissions 465 tcp smtps
syslog 514 udp
printer 515 tcp
route 520 udp
uucp 540 tcp
dhcpv6-client 546 udp
dhcpv6-server 547 udp
rtsp 554 tcp udp
submission 587 tcp
ipp 631 tcp
ldaps 636 tcp udp
domain-s 853 tcp udp
rsync 873 tcp
ftps-data 989 tcp
ftps 990 tcp
imaps 993 tcp
pop3s 995 tcp
socks 1080 tcp
openvpn 1194 tcp udp
ms-sql-s 1433 tcp
ms-sql-m 1434 udp
radius 1812 udp
radius-acct 1813 udp
nfs 2049 tcp udp
git 9418 tcp
mysql 3306 tcp
rdp 3389 tcp
sip 5060 tcp udp
sip-tls 5061 tcp udp
xmpp-client 5222 tcp
xmpp-server 5269 tcp
mdns 5353 udp
postgresql 5432 tcp postgres
amqps 5671 tcp
amqp 5672 tcp udp sctp
x11 6000 tcp
redis 6379 tcp
http-alt 8080 tcp udp
https-alt 8443 tcp
memcache 11211 tcp udp
`;

/** The text of `/etc/protocols`. */
export function protocolsText(): string {
  return PROTOCOLS.map(([name, number, alias]) => `${name}\t${number}\t${alias}\n`).join("");
}

const TRANSPORTS: ReadonlySet<string> = new Set(["tcp", "udp", "sctp"]);

/** The text of `/etc/services`. */
export function servicesText(): string {
  const lines = SERVICES.trimEnd()
    .split("\n")
    .flatMap((line) => {
      const [name = "", port = "", ...rest] = line.split(" ");
      const aliases = rest.filter((word) => !TRANSPORTS.has(word));
      return rest
        .filter((word) => TRANSPORTS.has(word))
        .map((transport) => [name, `${port}/${transport}`, ...aliases].join("\t"));
    });
  return `${lines.join("\n")}\n`;
}
