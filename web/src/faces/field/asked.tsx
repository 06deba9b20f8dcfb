// Fields as a pack declares them, in the field: kept with the draft that they belong to.

import { useEffect, useRef, useState } from "react";
import { givenFields, stateOf, type Fields, type FieldValues } from "../../shared/forms/conditions";
import { DeclaredFields } from "../../shared/forms/declared_fields";
import { FieldStore } from "../../shared/forms/field_store";

interface Props {
  fields: Fields;
  values: FieldValues;
  onValues: (values: FieldValues) => void;
}

/** What is given is told with every key; a draft that is found a moment later takes its place here. */
export function Asked({ fields, values, onValues }: Props) {
  const [store] = useState(() => new FieldStore(values));
  const told = useRef(onValues);
  told.current = onValues;
  useEffect(() => store.listen(null, () => told.current(store.now)), [store]);
  useEffect(() => {
    if (values !== store.now) store.replace(values);
  }, [store, values]);
  return <DeclaredFields fields={fields} store={store} />;
}

/** Names of the fields that must be given and are not. */
export const lackingFields = (fields: Fields, values: FieldValues): string[] =>
  Object.keys(fields).filter((name) => stateOf(fields, name, values).required && !(name in givenFields(fields, values)));
