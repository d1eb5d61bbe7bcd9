//! Whom a service means in a LogoutRequest: it names the person encrypted to this half, the front knows whose session it
//! is, and neither may learn the other's side. Here both are made into the service's pseudonym and compared; the answer is
//! one bit.

use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use portal_kit::config::secrets;
use relay_core::{
    envelope::{
        Kind, Opened,
        orders::{Compare, Compared},
    },
    pseudonym::{Service, ServicePseudonym},
    saml::{DecryptionKeys, open_name},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use tracing::info;

use super::{Half, Refused, StartError, service};
use crate::pins::FORMAT;

impl Half {
    /// Answers an envelope of the kind [`Kind::Compare`] with one of the kind [`Kind::Compared`].
    ///
    /// # Errors
    /// [`Refused`]
    pub async fn compare(&self, text: &str) -> Result<String, Refused> {
        let opened: Opened<Compare> = self.open(text, Kind::Compare)?;
        let Compare {
            service: name,
            edition,
            half,
            sealed,
        } = &opened.body;
        let service = service(name)?;
        self.take_once(&opened).await?;
        if !self.is_pinned(&service) {
            return Err(Refused::UnknownService);
        }
        let pseudonym = self.pseudonym(&service, *edition, half)?;
        let same = self.names(&service, sealed, &pseudonym);
        info!(service = service.entity(), number = %opened.number, same, "compared");
        let answer = Compared {
            answers: opened.number,
            same,
        };
        Ok(self.answer(Kind::Compared, &answer))
    }

    /// Whether `sealed` is the name of `pseudonym` at `service`. AES-CBC is opened too: many services know no other,
    /// they have signed what they sent, and of a plaintext nothing goes out but whether it is this very name.
    fn names(&self, service: &Service, sealed: &str, pseudonym: &ServicePseudonym) -> bool {
        let Ok(name) = open_name(sealed, &self.names, true) else {
            return false;
        };
        let left_out_or = |given: Option<&str>, right: &str| given.is_none_or(|given| given == right);
        name.format == FORMAT
            && left_out_or(name.qualifier.as_deref(), &self.identity_provider)
            && left_out_or(name.sp_qualifier.as_deref(), service.entity())
            && verify_slices_are_equal(name.value.as_bytes(), pseudonym.expose().as_bytes()).is_ok()
    }
}

/// The key that services encrypt names to.
pub(super) fn names_keys(file: &Path) -> Result<DecryptionKeys, StartError> {
    let text = secrets::read(file)?;
    let wrong = || StartError::Names(file.to_owned());
    match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs8(key)) => DecryptionKeys::from_pkcs8([key.secret_pkcs8_der()]).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}
