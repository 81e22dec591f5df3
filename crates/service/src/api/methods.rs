//! Methods of JSON-RPC: who asks, parameters by name, errors with names.

use std::sync::Arc;

use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::{Extensions, RpcModule};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::body::parse;
use super::{call, work};
use crate::admission::{Visit, Work};
use crate::core::Service;
use crate::error::ServiceError;

/// Who asks: the guard lets nobody through without being known.
pub fn visit(extensions: &Extensions) -> Result<&Visit, ErrorObjectOwned> {
    let found = extensions.get::<Visit>();
    found.ok_or_else(|| object(&ServiceError::Unauthenticated))
}

/// Adds a method whose work blocks.
pub fn method<P, T>(
    module: &mut RpcModule<Arc<Service>>,
    name: &'static str,
    operation: fn(&Service, &Visit, P) -> Result<T, ServiceError>,
) -> Result<(), RegisterMethodError>
where
    P: DeserializeOwned + Send + 'static,
    T: Serialize + Clone + Send + 'static,
{
    module.register_async_method(name, move |params, service, extensions| async move {
        let visit = visit(&extensions)?;
        let label = ("json_rpc", name);
        let done = call(&service, visit, label, move |service, visit| {
            let parsed = parse(params.as_str().unwrap_or("{}"))?;
            // What may be long is there once.
            drop(params);
            operation(service, visit, parsed)
        });
        done.await.map_err(|error| object(&error))
    })?;
    Ok(())
}

/// Adds a method of whose work only so much is done at once.
pub fn long_method<P, T>(
    module: &mut RpcModule<Arc<Service>>,
    (name, kind): (&'static str, Work),
    operation: fn(&Service, &Visit, P) -> Result<T, ServiceError>,
) -> Result<(), RegisterMethodError>
where
    P: DeserializeOwned + Send + 'static,
    T: Serialize + Clone + Send + 'static,
{
    module.register_async_method(name, move |params, service, extensions| async move {
        let visit = visit(&extensions)?;
        let label = ("json_rpc", name);
        let done = work(&service, visit, kind, label, move |service, visit| {
            let parsed = parse(params.as_str().unwrap_or("{}"))?;
            // What may be long is there once.
            drop(params);
            operation(service, visit, parsed)
        });
        done.await.map_err(|error| object(&error))
    })?;
    Ok(())
}

pub fn object(error: &ServiceError) -> ErrorObjectOwned {
    let code = error.code();
    let data = json!({ "code": code.name });
    ErrorObjectOwned::owned(code.json_rpc, error.public_message(), Some(data))
}
