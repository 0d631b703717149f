//! Addresses of the internet, and those that mean something only inside a network.

use std::net::IpAddr;

/// Whether an address is reachable over the internet: not private, shared by a carrier, link-local or loopback
/// (RFC 1918, 6598, 3927, 4193, 4291).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_of_a_carrier = first == 100 && (64..128).contains(&second);
            let is_inside = address.is_private() || address.is_loopback() || address.is_link_local();
            !(is_inside || is_of_a_carrier || address.is_unspecified())
        }
        IpAddr::V6(address) => {
            let is_inside = address.is_unique_local() || address.is_unicast_link_local();
            !(is_inside || address.is_loopback() || address.is_unspecified())
        }
    }
}
