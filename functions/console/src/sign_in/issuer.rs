//! The issuer that people sign in with (OpenID Connect Core 1.0, authorization code flow with PKCE).

use super::attempt::Attempt;
use super::claims::{Claims, Groups, read};
use crate::access::Roles;
use crate::session::{Person, after};
use incident::Failure;
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenType,
};
use openidconnect::url::Url;
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClaimsVerificationError, Client, ClientId, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdToken, IdTokenFields, IdTokenVerifier,
    IssuerUrl, LogoutRequest, Nonce, PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, StandardErrorResponse,
    StandardTokenIntrospectionResponse, StandardTokenResponse, TokenResponse, http,
};
use platform::aws::{Web, WebRequest};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

type Signed = IdToken<Groups, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Fields = IdTokenFields<
    Groups,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type RelyingParty = Client<
    Groups,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, CoreTokenType>,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long what the issuer says of itself is taken for true.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Signatures that only the issuer can make. Those of a shared secret are none, whatever the issuer says that it offers.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What an operator has to say about the issuer.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// Its identifier, below which its description lies.
    pub issuer: String,
    /// What it knows the console as. A client without a secret: PKCE shows that who comes back is who left.
    pub client_id: String,
    /// What is asked for beside `openid`, separated by blanks, so that its token says e-mail address and groups.
    pub scopes: String,
}

/// The issuer, and the console as it knows it.
pub(crate) struct Issuer {
    wire: Wire,
    url: IssuerUrl,
    client_id: ClientId,
    scopes: Vec<Scope>,
    signed_in: RedirectUrl,
    signed_out: PostLogoutRedirectUrl,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    at: Timestamp,
    metadata: Arc<ProviderMetadataWithLogout>,
}

/// Who has come back from the issuer.
pub(crate) struct Identity {
    pub(crate) person: Person,
    pub(crate) roles: Roles,
    /// Where the issuer ends its own session, with all that it wants to be told.
    pub(crate) sign_out: Option<String>,
}

impl Issuer {
    /// `origin`: the console's own, to which the issuer sends people back.
    ///
    /// # Errors
    /// `Rejected` where a setting is no address.
    pub(crate) fn new(settings: IssuerSettings, origin: &str, web: Web) -> Result<Self, Failure> {
        let unusable = |error| Failure::rejected("an address of the sign-in is not usable").because(error);
        let names = settings.scopes.split_whitespace().filter(|scope| *scope != "openid");
        Ok(Self {
            wire: Wire(web),
            url: IssuerUrl::new(settings.issuer).map_err(unusable)?,
            client_id: ClientId::new(settings.client_id),
            scopes: names.map(|scope| Scope::new(scope.to_owned())).collect(),
            signed_in: RedirectUrl::new(format!("{origin}/signed-in")).map_err(unusable)?,
            signed_out: PostLogoutRedirectUrl::new(format!("{origin}/signed-out")).map_err(unusable)?,
            known: Mutex::new(None),
        })
    }

    /// Its identifier.
    pub(crate) fn identifier(&self) -> &str {
        self.url.as_str()
    }

    /// Where a person signs in, for this attempt.
    pub(crate) async fn address(&self, state: &str, attempt: &Attempt, now: Timestamp) -> Result<String, Failure> {
        let metadata = self.metadata(now).await?;
        let (state, nonce) = (CsrfToken::new(state.to_owned()), Nonce::new(attempt.nonce.clone()));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(attempt.verifier.clone()));
        let party = self.party(&metadata);
        let request = party.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce);
        let (address, _, _) = request.add_scopes(self.scopes.clone()).set_pkce_challenge(challenge).url();
        Ok(address.into())
    }

    /// Who has come back with this code.
    ///
    /// # Errors
    /// `Rejected` where the issuer refuses the code, or its token is not for this attempt; `Transient` where it cannot be asked.
    pub(crate) async fn identify(&self, code: String, attempt: &Attempt, now: Timestamp) -> Result<Identity, Failure> {
        let mut metadata = self.metadata(now).await?;
        let token = self.redeem(&metadata, code, &attempt.verifier).await?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let mut claims = verified(&self.party(&metadata), &token, &nonce, now);
        if matches!(claims, Err(ClaimsVerificationError::SignatureVerification(_))) {
            // It signs with a key that it has had for less than an hour.
            metadata = self.discover(now).await?;
            claims = verified(&self.party(&metadata), &token, &nonce, now);
        }
        let claims = claims.map_err(|error| Failure::rejected("the issuer's token is refused").because(error))?;
        let (person, roles) = read(&claims);
        Ok(Identity { person, roles, sign_out: self.sign_out(&metadata) })
    }

    async fn redeem(
        &self,
        metadata: &ProviderMetadataWithLogout,
        code: String,
        verifier: &str,
    ) -> Result<Signed, Failure> {
        let party = self.party(metadata);
        let request = party.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|error| Failure::rejected("the issuer gives no tokens").because(error))?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let tokens = request.request_async(&self.wire).await.map_err(unredeemed)?;
        let token = tokens.id_token().cloned();
        token.ok_or_else(|| Failure::rejected("the issuer gave no token that says who it is"))
    }

    fn party(&self, metadata: &ProviderMetadataWithLogout) -> RelyingParty {
        let party = RelyingParty::from_provider_metadata(metadata.clone(), self.client_id.clone(), None);
        party.set_redirect_uri(self.signed_in.clone())
    }

    /// What the issuer says of itself, and its keys.
    async fn metadata(&self, now: Timestamp) -> Result<Arc<ProviderMetadataWithLogout>, Failure> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(Known { at, metadata }) if now < after(at, KNOWN_FOR) => Ok(metadata),
            _ => self.discover(now).await,
        }
    }

    async fn discover(&self, now: Timestamp) -> Result<Arc<ProviderMetadataWithLogout>, Failure> {
        let found = ProviderMetadataWithLogout::discover_async(self.url.clone(), &self.wire).await;
        let found =
            found.map_err(|error| Failure::transient("what the issuer says of itself cannot be had").because(error))?;
        let metadata = Arc::new(found);
        let known = Known { at: now, metadata: Arc::clone(&metadata) };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(metadata)
    }

    /// Without a hint of who signs out: the token that would be one is personal data, and addresses end up in logs.
    fn sign_out(&self, metadata: &ProviderMetadataWithLogout) -> Option<String> {
        let end = metadata.additional_metadata().end_session_endpoint.clone()?;
        let request = LogoutRequest::from(end).set_client_id(self.client_id.clone());
        let mut address = request.set_post_logout_redirect_uri(self.signed_out.clone()).http_get_url();
        // Cognito's name for the same
        // (<https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html>). Others do not look at it.
        address.query_pairs_mut().append_pair("logout_uri", self.signed_out.as_str());
        Some(address.into())
    }
}

/// The origin of an address, as a content security policy names it.
pub(crate) fn origin(address: &str) -> Option<String> {
    let origin = Url::parse(address).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// Its claims, if the token is from this issuer, for this console and this attempt, and still counts. The access token beside it is
/// used for nothing, so nothing is checked about it.
fn verified(
    party: &RelyingParty,
    token: &Signed,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<Claims, ClaimsVerificationError> {
    let verifier: IdTokenVerifier<'_, CoreJsonWebKey> = party.id_token_verifier();
    let verifier = verifier.set_allowed_algs(SIGNATURES).set_time_fn(move || SystemTime::from(now).into());
    token.claims(&verifier, nonce).cloned()
}

/// An issuer's own words about a code are its code alone: the rest may name the person.
fn unredeemed(error: RequestTokenError<Failure, StandardErrorResponse<CoreErrorResponseType>>) -> Failure {
    match error {
        RequestTokenError::Request(failure) => failure,
        RequestTokenError::ServerResponse(refusal) => {
            Failure::rejected(format!("the issuer refuses the code (`{}`)", refusal.error().as_ref()))
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Failure::rejected("the issuer's answer to the code cannot be read")
        }
    }
}

/// The way to the issuer.
struct Wire(Web);

impl Wire {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let headers = parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let asked = WebRequest { method: parts.method.as_str(), url: &url, headers: headers.collect(), body };
        let answer = self.0.ask(asked).await?;
        let mut built = http::Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            built = built.header(name, value);
        }
        built.body(answer.body).map_err(|error| Failure::rejected("the issuer's answer cannot be read").because(error))
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failure>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

#[cfg(test)]
mod tests;
