//! The bucket that the public pages are read from, by way of CloudFront.

use super::Sdk;
use super::failure::{code_of, failed};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, Region};
use aws_sdk_s3::types::ChecksumAlgorithm;
use incident::Failure;
use incident::notification::{PublicPage, PublicSite};

/// For how long, in seconds, CloudFront and browsers keep a page. It does not change; but should it have to be taken down, it is gone soon.
const KEPT: &str = "public, max-age=300";

/// A private bucket of this account.
#[derive(Clone, Debug)]
pub struct PagesBucket {
    client: Client,
    name: String,
}

impl PagesBucket {
    /// The bucket with this name, in the region of what CloudFront needs beside it.
    pub fn connect(sdk: &Sdk, name: String, region: String) -> Self {
        let config = Builder::from(&sdk.0).region(Region::new(region)).build();
        Self { client: Client::from_conf(config), name }
    }

    async fn holds(&self, page: &PublicPage) -> Result<bool, Failure> {
        let object = self.client.get_object().bucket(&self.name).key(&page.path).send().await;
        let body = object.map_err(|error| failed("reading a public page", error))?.body.collect().await;
        let bytes = body.map_err(|error| Failure::transient("reading a public page").because(error))?;
        Ok(bytes.to_vec() == page.html.as_bytes())
    }
}

impl PublicSite for PagesBucket {
    async fn put_up(&self, page: &PublicPage, language: &str) -> Result<(), Failure> {
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(&page.path)
            .content_type("text/html; charset=utf-8")
            .content_language(language)
            .cache_control(KEPT)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .if_none_match("*")
            .body(page.html.clone().into_bytes().into());
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if code_of(&error) == Some("PreconditionFailed") => {
                if self.holds(page).await? {
                    Ok(())
                } else {
                    Err(Failure::needs_operator(format!("another page lies at `{}`", page.path)))
                }
            }
            Err(error) if code_of(&error) == Some("ConditionalRequestConflict") => {
                Err(Failure::transient("another run is putting up the same page").because(error))
            }
            Err(error) => Err(failed("putting up a public page", error)),
        }
    }
}
