//! The whole way through the public interface: setup, prove, open, verify; and what is refused.

use crate::fixtures::{Opened, kyc, prove_kyc};

#[test]
fn proof_is_accepted_with_its_opening() {
    let (key, proved) = prove_kyc(1);
    let vk = key.verifying_key();
    vk.verify(&kyc::PARAMS, &proved.commitment, &proved.proof).unwrap();
    Opened::honest(vk, &kyc::SLOTS, &proved, 2).check(vk, &proved.commitment).unwrap();
}
