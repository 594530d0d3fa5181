/* AIEP Miner, Apache-2.0; with Lit, BSD-3-Clause. Sources: 0881a95abbd3b25853e4914dced0a30550805f7fbf679c214175992e4bc6758f */
await customElements.whenDefined("home-assistant");
var V1=globalThis,L1=V1.ShadowRoot&&(V1.ShadyCSS===void 0||V1.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in CSSStyleSheet.prototype,y1=Symbol(),K1=new WeakMap,N=class{constructor(H,C,V){if(this._$cssResult$=!0,V!==y1)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=H,this.t=C}get styleSheet(){let H=this.o,C=this.t;if(L1&&H===void 0){let V=C!==void 0&&C.length===1;V&&(H=K1.get(C)),H===void 0&&((this.o=H=new CSSStyleSheet).replaceSync(this.cssText),V&&K1.set(C,H))}return H}toString(){return this.cssText}},q1=M=>new N(typeof M=="string"?M:M+"",void 0,y1),B=(M,...H)=>{let C=M.length===1?M[0]:H.reduce((V,L,r)=>V+(e=>{if(e._$cssResult$===!0)return e.cssText;if(typeof e=="number")return e;throw Error("Value passed to 'css' function must be a 'css' function result: "+e+". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.")})(L)+M[r+1],M[0]);return new N(C,M,y1)},j1=(M,H)=>{if(L1)M.adoptedStyleSheets=H.map(C=>C instanceof CSSStyleSheet?C:C.styleSheet);else for(let C of H){let V=document.createElement("style"),L=V1.litNonce;L!==void 0&&V.setAttribute("nonce",L),V.textContent=C.cssText,M.appendChild(V)}},B1=L1?M=>M:M=>M instanceof CSSStyleSheet?(H=>{let C="";for(let V of H.cssRules)C+=V.cssText;return q1(C)})(M):M;var{is:e5,defineProperty:t5,getOwnPropertyDescriptor:i5,getOwnPropertyNames:o5,getOwnPropertySymbols:A5,getPrototypeOf:a5}=Object,M1=globalThis,X1=M1.trustedTypes,d5=X1?X1.emptyScript:"",p5=M1.reactiveElementPolyfillSupport,I=(M,H)=>M,P1={toAttribute(M,H){switch(H){case Boolean:M=M?d5:null;break;case Object:case Array:M=M==null?M:JSON.stringify(M)}return M},fromAttribute(M,H){let C=M;switch(H){case Boolean:C=M!==null;break;case Number:C=M===null?null:Number(M);break;case Object:case Array:try{C=JSON.parse(M)}catch{C=null}}return C}},J1=(M,H)=>!e5(M,H),Y1={attribute:!0,type:String,converter:P1,reflect:!1,useDefault:!1,hasChanged:J1};Symbol.metadata??=Symbol("metadata"),M1.litPropertyMetadata??=new WeakMap;var u=class extends HTMLElement{static addInitializer(H){this._$Ei(),(this.l??=[]).push(H)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(H,C=Y1){if(C.state&&(C.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(H)&&((C=Object.create(C)).wrapped=!0),this.elementProperties.set(H,C),!C.noAccessor){let V=Symbol(),L=this.getPropertyDescriptor(H,V,C);L!==void 0&&t5(this.prototype,H,L)}}static getPropertyDescriptor(H,C,V){let{get:L,set:r}=i5(this.prototype,H)??{get(){return this[C]},set(e){this[C]=e}};return{get:L,set(e){let t=L?.call(this);r?.call(this,e),this.requestUpdate(H,t,V)},configurable:!0,enumerable:!0}}static getPropertyOptions(H){return this.elementProperties.get(H)??Y1}static _$Ei(){if(this.hasOwnProperty(I("elementProperties")))return;let H=a5(this);H.finalize(),H.l!==void 0&&(this.l=[...H.l]),this.elementProperties=new Map(H.elementProperties)}static finalize(){if(this.hasOwnProperty(I("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(I("properties"))){let C=this.properties,V=[...o5(C),...A5(C)];for(let L of V)this.createProperty(L,C[L])}let H=this[Symbol.metadata];if(H!==null){let C=litPropertyMetadata.get(H);if(C!==void 0)for(let[V,L]of C)this.elementProperties.set(V,L)}this._$Eh=new Map;for(let[C,V]of this.elementProperties){let L=this._$Eu(C,V);L!==void 0&&this._$Eh.set(L,C)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(H){let C=[];if(Array.isArray(H)){let V=new Set(H.flat(1/0).reverse());for(let L of V)C.unshift(B1(L))}else H!==void 0&&C.push(B1(H));return C}static _$Eu(H,C){let V=C.attribute;return V===!1?void 0:typeof V=="string"?V:typeof H=="string"?H.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(H=>this.enableUpdating=H),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(H=>H(this))}addController(H){(this._$EO??=new Set).add(H),this.renderRoot!==void 0&&this.isConnected&&H.hostConnected?.()}removeController(H){this._$EO?.delete(H)}_$E_(){let H=new Map,C=this.constructor.elementProperties;for(let V of C.keys())this.hasOwnProperty(V)&&(H.set(V,this[V]),delete this[V]);H.size>0&&(this._$Ep=H)}createRenderRoot(){let H=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return j1(H,this.constructor.elementStyles),H}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(H=>H.hostConnected?.())}enableUpdating(H){}disconnectedCallback(){this._$EO?.forEach(H=>H.hostDisconnected?.())}attributeChangedCallback(H,C,V){this._$AK(H,V)}_$ET(H,C){let V=this.constructor.elementProperties.get(H),L=this.constructor._$Eu(H,V);if(L!==void 0&&V.reflect===!0){let r=(V.converter?.toAttribute!==void 0?V.converter:P1).toAttribute(C,V.type);this._$Em=H,r==null?this.removeAttribute(L):this.setAttribute(L,r),this._$Em=null}}_$AK(H,C){let V=this.constructor,L=V._$Eh.get(H);if(L!==void 0&&this._$Em!==L){let r=V.getPropertyOptions(L),e=typeof r.converter=="function"?{fromAttribute:r.converter}:r.converter?.fromAttribute!==void 0?r.converter:P1;this._$Em=L;let t=e.fromAttribute(C,r.type);this[L]=t??this._$Ej?.get(L)??t,this._$Em=null}}requestUpdate(H,C,V,L=!1,r){if(H!==void 0){let e=this.constructor;if(L===!1&&(r=this[H]),V??=e.getPropertyOptions(H),!((V.hasChanged??J1)(r,C)||V.useDefault&&V.reflect&&r===this._$Ej?.get(H)&&!this.hasAttribute(e._$Eu(H,V))))return;this.C(H,C,V)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(H,C,{useDefault:V,reflect:L,wrapped:r},e){V&&!(this._$Ej??=new Map).has(H)&&(this._$Ej.set(H,e??C??this[H]),r!==!0||e!==void 0)||(this._$AL.has(H)||(this.hasUpdated||V||(C=void 0),this._$AL.set(H,C)),L===!0&&this._$Em!==H&&(this._$Eq??=new Set).add(H))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(C){Promise.reject(C)}let H=this.scheduleUpdate();return H!=null&&await H,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[L,r]of this._$Ep)this[L]=r;this._$Ep=void 0}let V=this.constructor.elementProperties;if(V.size>0)for(let[L,r]of V){let{wrapped:e}=r,t=this[L];e!==!0||this._$AL.has(L)||t===void 0||this.C(L,void 0,r,t)}}let H=!1,C=this._$AL;try{H=this.shouldUpdate(C),H?(this.willUpdate(C),this._$EO?.forEach(V=>V.hostUpdate?.()),this.update(C)):this._$EM()}catch(V){throw H=!1,this._$EM(),V}H&&this._$AE(C)}willUpdate(H){}_$AE(H){this._$EO?.forEach(C=>C.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(H)),this.updated(H)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(H){return!0}update(H){this._$Eq&&=this._$Eq.forEach(C=>this._$ET(C,this[C])),this._$EM()}updated(H){}firstUpdated(H){}};u.elementStyles=[],u.shadowRootOptions={mode:"open"},u[I("elementProperties")]=new Map,u[I("finalized")]=new Map,p5?.({ReactiveElement:u}),(M1.reactiveElementVersions??=[]).push("2.1.2");var R1=globalThis,C2=M=>M,r1=R1.trustedTypes,H2=r1?r1.createPolicy("lit-html",{createHTML:M=>M}):void 0,F1="$lit$",S=`lit$${Math.random().toFixed(9).slice(2)}$`,D1="?"+S,m5=`<${D1}>`,R=document,G=()=>R.createComment(""),Q=M=>M===null||typeof M!="object"&&typeof M!="function",E1=Array.isArray,t2=M=>E1(M)||typeof M?.[Symbol.iterator]=="function",T1=`[ 	
\f\r]`,U=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,V2=/-->/g,L2=/>/g,P=RegExp(`>|${T1}(?:([^\\s"'>=/]+)(${T1}*=${T1}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),M2=/'/g,r2=/"/g,i2=/^(?:script|style|textarea|title)$/i,$1=M=>(H,...C)=>({_$litType$:M,strings:H,values:C}),A=$1(1),a1=$1(2),Y5=$1(3),c=Symbol.for("lit-noChange"),p=Symbol.for("lit-nothing"),e2=new WeakMap,T=R.createTreeWalker(R,129);function o2(M,H){if(!E1(M)||!M.hasOwnProperty("raw"))throw Error("invalid template strings array");return H2!==void 0?H2.createHTML(H):H}var A2=(M,H)=>{let C=M.length-1,V=[],L,r=H===2?"<svg>":H===3?"<math>":"",e=U;for(let t=0;t<C;t++){let i=M[t],d,m,a=-1,l=0;for(;l<i.length&&(e.lastIndex=l,m=e.exec(i),m!==null);)l=e.lastIndex,e===U?m[1]==="!--"?e=V2:m[1]!==void 0?e=L2:m[2]!==void 0?(i2.test(m[2])&&(L=RegExp("</"+m[2],"g")),e=P):m[3]!==void 0&&(e=P):e===P?m[0]===">"?(e=L??U,a=-1):m[1]===void 0?a=-2:(a=e.lastIndex-m[2].length,d=m[1],e=m[3]===void 0?P:m[3]==='"'?r2:M2):e===r2||e===M2?e=P:e===V2||e===L2?e=U:(e=P,L=void 0);let n=e===P&&M[t+1].startsWith("/>")?" ":"";r+=e===U?i+m5:a>=0?(V.push(d),i.slice(0,a)+F1+i.slice(a)+S+n):i+S+(a===-2?t:n)}return[o2(M,r+(M[C]||"<?>")+(H===2?"</svg>":H===3?"</math>":"")),V]},z=class M{constructor({strings:H,_$litType$:C},V){let L;this.parts=[];let r=0,e=0,t=H.length-1,i=this.parts,[d,m]=A2(H,C);if(this.el=M.createElement(d,V),T.currentNode=this.el.content,C===2||C===3){let a=this.el.content.firstChild;a.replaceWith(...a.childNodes)}for(;(L=T.nextNode())!==null&&i.length<t;){if(L.nodeType===1){if(L.hasAttributes())for(let a of L.getAttributeNames())if(a.endsWith(F1)){let l=m[e++],n=L.getAttribute(a).split(S),v=/([.?@])?(.*)/.exec(l);i.push({type:1,index:r,name:v[2],strings:n,ctor:v[1]==="."?t1:v[1]==="?"?i1:v[1]==="@"?o1:D}),L.removeAttribute(a)}else a.startsWith(S)&&(i.push({type:6,index:r}),L.removeAttribute(a));if(i2.test(L.tagName)){let a=L.textContent.split(S),l=a.length-1;if(l>0){L.textContent=r1?r1.emptyScript:"";for(let n=0;n<l;n++)L.append(a[n],G()),T.nextNode(),i.push({type:2,index:++r});L.append(a[l],G())}}}else if(L.nodeType===8)if(L.data===D1)i.push({type:2,index:r});else{let a=-1;for(;(a=L.data.indexOf(S,a+1))!==-1;)i.push({type:7,index:r}),a+=S.length-1}r++}}static createElement(H,C){let V=R.createElement("template");return V.innerHTML=H,V}};function F(M,H,C=M,V){if(H===c)return H;let L=V!==void 0?C._$Co?.[V]:C._$Cl,r=Q(H)?void 0:H._$litDirective$;return L?.constructor!==r&&(L?._$AO?.(!1),r===void 0?L=void 0:(L=new r(M),L._$AT(M,C,V)),V!==void 0?(C._$Co??=[])[V]=L:C._$Cl=L),L!==void 0&&(H=F(M,L._$AS(M,H.values),L,V)),H}var e1=class{constructor(H,C){this._$AV=[],this._$AN=void 0,this._$AD=H,this._$AM=C}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(H){let{el:{content:C},parts:V}=this._$AD,L=(H?.creationScope??R).importNode(C,!0);T.currentNode=L;let r=T.nextNode(),e=0,t=0,i=V[0];for(;i!==void 0;){if(e===i.index){let d;i.type===2?d=new $(r,r.nextSibling,this,H):i.type===1?d=new i.ctor(r,i.name,i.strings,this,H):i.type===6&&(d=new A1(r,this,H)),this._$AV.push(d),i=V[++t]}e!==i?.index&&(r=T.nextNode(),e++)}return T.currentNode=R,L}p(H){let C=0;for(let V of this._$AV)V!==void 0&&(V.strings!==void 0?(V._$AI(H,V,C),C+=V.strings.length-2):V._$AI(H[C])),C++}},$=class M{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(H,C,V,L){this.type=2,this._$AH=p,this._$AN=void 0,this._$AA=H,this._$AB=C,this._$AM=V,this.options=L,this._$Cv=L?.isConnected??!0}get parentNode(){let H=this._$AA.parentNode,C=this._$AM;return C!==void 0&&H?.nodeType===11&&(H=C.parentNode),H}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(H,C=this){H=F(this,H,C),Q(H)?H===p||H==null||H===""?(this._$AH!==p&&this._$AR(),this._$AH=p):H!==this._$AH&&H!==c&&this._(H):H._$litType$!==void 0?this.$(H):H.nodeType!==void 0?this.T(H):t2(H)?this.k(H):this._(H)}O(H){return this._$AA.parentNode.insertBefore(H,this._$AB)}T(H){this._$AH!==H&&(this._$AR(),this._$AH=this.O(H))}_(H){this._$AH!==p&&Q(this._$AH)?this._$AA.nextSibling.data=H:this.T(R.createTextNode(H)),this._$AH=H}$(H){let{values:C,_$litType$:V}=H,L=typeof V=="number"?this._$AC(H):(V.el===void 0&&(V.el=z.createElement(o2(V.h,V.h[0]),this.options)),V);if(this._$AH?._$AD===L)this._$AH.p(C);else{let r=new e1(L,this),e=r.u(this.options);r.p(C),this.T(e),this._$AH=r}}_$AC(H){let C=e2.get(H.strings);return C===void 0&&e2.set(H.strings,C=new z(H)),C}k(H){E1(this._$AH)||(this._$AH=[],this._$AR());let C=this._$AH,V,L=0;for(let r of H)L===C.length?C.push(V=new M(this.O(G()),this.O(G()),this,this.options)):V=C[L],V._$AI(r),L++;L<C.length&&(this._$AR(V&&V._$AB.nextSibling,L),C.length=L)}_$AR(H=this._$AA.nextSibling,C){for(this._$AP?.(!1,!0,C);H!==this._$AB;){let V=C2(H).nextSibling;C2(H).remove(),H=V}}setConnected(H){this._$AM===void 0&&(this._$Cv=H,this._$AP?.(H))}},D=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(H,C,V,L,r){this.type=1,this._$AH=p,this._$AN=void 0,this.element=H,this.name=C,this._$AM=L,this.options=r,V.length>2||V[0]!==""||V[1]!==""?(this._$AH=Array(V.length-1).fill(new String),this.strings=V):this._$AH=p}_$AI(H,C=this,V,L){let r=this.strings,e=!1;if(r===void 0)H=F(this,H,C,0),e=!Q(H)||H!==this._$AH&&H!==c,e&&(this._$AH=H);else{let t=H,i,d;for(H=r[0],i=0;i<r.length-1;i++)d=F(this,t[V+i],C,i),d===c&&(d=this._$AH[i]),e||=!Q(d)||d!==this._$AH[i],d===p?H=p:H!==p&&(H+=(d??"")+r[i+1]),this._$AH[i]=d}e&&!L&&this.j(H)}j(H){H===p?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,H??"")}},t1=class extends D{constructor(){super(...arguments),this.type=3}j(H){this.element[this.name]=H===p?void 0:H}},i1=class extends D{constructor(){super(...arguments),this.type=4}j(H){this.element.toggleAttribute(this.name,!!H&&H!==p)}},o1=class extends D{constructor(H,C,V,L,r){super(H,C,V,L,r),this.type=5}_$AI(H,C=this){if((H=F(this,H,C,0)??p)===c)return;let V=this._$AH,L=H===p&&V!==p||H.capture!==V.capture||H.once!==V.once||H.passive!==V.passive,r=H!==p&&(V===p||L);L&&this.element.removeEventListener(this.name,this,V),r&&this.element.addEventListener(this.name,this,H),this._$AH=H}handleEvent(H){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,H):this._$AH.handleEvent(H)}},A1=class{constructor(H,C,V){this.element=H,this.type=6,this._$AN=void 0,this._$AM=C,this.options=V}get _$AU(){return this._$AM._$AU}_$AI(H){F(this,H)}},a2={M:F1,P:S,A:D1,C:1,L:A2,R:e1,D:t2,V:F,I:$,H:D,N:i1,U:o1,B:t1,F:A1},n5=R1.litHtmlPolyfillSupport;n5?.(z,$),(R1.litHtmlVersions??=[]).push("3.3.3");var d2=(M,H,C)=>{let V=C?.renderBefore??H,L=V._$litPart$;if(L===void 0){let r=C?.renderBefore??null;V._$litPart$=L=new $(H.insertBefore(G(),r),r,void 0,C??{})}return L._$AI(M),L};var _1=globalThis,O=class extends u{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let H=super.createRenderRoot();return this.renderOptions.renderBefore??=H.firstChild,H}update(H){let C=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(H),this._$Do=d2(C,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return c}};O._$litElement$=!0,O.finalized=!0,_1.litElementHydrateSupport?.({LitElement:O});var l5=_1.litElementPolyfillSupport;l5?.({LitElement:O});(_1.litElementVersions??=[]).push("4.2.2");var p2={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},m2=M=>(...H)=>({_$litDirective$:M,values:H}),d1=class{constructor(H){}get _$AU(){return this._$AM._$AU}_$AT(H,C,V){this._$Ct=H,this._$AM=C,this._$Ci=V}_$AS(H,C){return this.update(H,C)}update(H,C){return this.render(...C)}};var{I:v5}=a2,n2=M=>M;var l2=()=>document.createComment(""),_=(M,H,C)=>{let V=M._$AA.parentNode,L=H===void 0?M._$AB:H._$AA;if(C===void 0){let r=V.insertBefore(l2(),L),e=V.insertBefore(l2(),L);C=new v5(r,e,M,M.options)}else{let r=C._$AB.nextSibling,e=C._$AM,t=e!==M;if(t){let i;C._$AQ?.(M),C._$AM=M,C._$AP!==void 0&&(i=M._$AU)!==e._$AU&&C._$AP(i)}if(r!==L||t){let i=C._$AA;for(;i!==r;){let d=n2(i).nextSibling;n2(V).insertBefore(i,L),i=d}}}return C},f=(M,H,C=M)=>(M._$AI(H,C),M),x5={},v2=(M,H=x5)=>M._$AH=H,x2=M=>M._$AH,p1=M=>{M._$AR(),M._$AA.remove()};var Z2=(M,H,C)=>{let V=new Map;for(let L=H;L<=C;L++)V.set(M[L],L);return V},s2=m2(class extends d1{constructor(M){if(super(M),M.type!==p2.CHILD)throw Error("repeat() can only be used in text expressions")}dt(M,H,C){let V;C===void 0?C=H:H!==void 0&&(V=H);let L=[],r=[],e=0;for(let t of M)L[e]=V?V(t,e):e,r[e]=C(t,e),e++;return{values:r,keys:L}}render(M,H,C){return this.dt(M,H,C).values}update(M,[H,C,V]){let L=x2(M),{values:r,keys:e}=this.dt(H,C,V);if(!Array.isArray(L))return this.ut=e,r;let t=this.ut??=[],i=[],d,m,a=0,l=L.length-1,n=0,v=r.length-1;for(;a<=l&&n<=v;)if(L[a]===null)a++;else if(L[l]===null)l--;else if(t[a]===e[n])i[n]=f(L[a],r[n]),a++,n++;else if(t[l]===e[v])i[v]=f(L[l],r[v]),l--,v--;else if(t[a]===e[v])i[v]=f(L[a],r[v]),_(M,i[v+1],L[a]),a++,v--;else if(t[l]===e[n])i[n]=f(L[l],r[n]),_(M,L[a],L[l]),l--,n++;else if(d===void 0&&(d=Z2(e,n,v),m=Z2(t,a,l)),d.has(t[a]))if(d.has(t[l])){let s=m.get(e[n]),b1=s!==void 0?L[s]:null;if(b1===null){let z1=_(M,L[a]);f(z1,r[n]),i[n]=z1}else i[n]=f(b1,r[n]),_(M,L[a],b1),L[s]=null;n++}else p1(L[l]),l--;else p1(L[a]),a++;for(;n<=v;){let s=_(M,i[v+1]);f(s,r[n]),i[n++]=s}for(;a<=l;){let s=L[a++];s!==null&&p1(s)}return this.ut=e,v2(M,i),c}});var u2="M13 14H11V9H13M13 18H11V16H13M1 21H23L12 2L1 21Z";var S2="M7.41,8.58L12,13.17L16.59,8.58L18,10L12,16L6,10L7.41,8.58Z";var c2="M13 24C9.74 24 6.81 22 5.6 19L2.57 11.37C2.26 10.58 3 9.79 3.81 10.05L4.6 10.31C5.16 10.5 5.62 10.92 5.84 11.47L7.25 15H8V3.25C8 2.56 8.56 2 9.25 2S10.5 2.56 10.5 3.25V12H11.5V1.25C11.5 .56 12.06 0 12.75 0S14 .56 14 1.25V12H15V2.75C15 2.06 15.56 1.5 16.25 1.5C16.94 1.5 17.5 2.06 17.5 2.75V12H18.5V5.75C18.5 5.06 19.06 4.5 19.75 4.5S21 5.06 21 5.75V16C21 20.42 17.42 24 13 24Z";var h2="M10,19H13V22H10V19M12,2C17.35,2.22 19.68,7.62 16.5,11.67C15.67,12.67 14.33,13.33 13.67,14.17C13,15 13,16 13,17H10C10,15.33 10,13.92 10.67,12.92C11.33,11.92 12.67,11.33 13.5,10.67C15.92,8.43 15.32,5.26 12,5A3,3 0 0,0 9,8H6A6,6 0 0,1 12,2Z";var O2="M4,1C2.89,1 2,1.89 2,3V7C2,8.11 2.89,9 4,9H1V11H13V9H10C11.11,9 12,8.11 12,7V3C12,1.89 11.11,1 10,1H4M4,3H10V7H4V3M14,13C12.89,13 12,13.89 12,15V19C12,20.11 12.89,21 14,21H11V23H23V21H20C21.11,21 22,20.11 22,19V15C22,13.89 21.11,13 20,13H14M3.88,13.46L2.46,14.88L4.59,17L2.46,19.12L3.88,20.54L6,18.41L8.12,20.54L9.54,19.12L7.41,17L9.54,14.88L8.12,13.46L6,15.59L3.88,13.46M14,15H20V19H14V15Z";var f2="M9.5,3A6.5,6.5 0 0,1 16,9.5C16,11.11 15.41,12.59 14.44,13.73L14.71,14H15.5L20.5,19L19,20.5L14,15.5V14.71L13.73,14.44C12.59,15.41 11.11,16 9.5,16A6.5,6.5 0 0,1 3,9.5A6.5,6.5 0 0,1 9.5,3M9.5,5C7,5 5,7 5,9.5C5,12 7,14 9.5,14C12,14 14,12 14,9.5C14,7 12,5 9.5,5Z";var g2="M14,3V5H17.59L7.76,14.83L9.17,16.24L19,6.41V10H21V3M19,19H5V5H12V3H5C3.89,3 3,3.9 3,5V19A2,2 0 0,0 5,21H19A2,2 0 0,0 21,19V12H19V19Z";var k2="M14.79,10.62L3.5,21.9L2.1,20.5L13.38,9.21L14.79,10.62M19.27,7.73L19.86,7.14L19.07,6.35L19.71,5.71L18.29,4.29L17.65,4.93L16.86,4.14L16.27,4.73C14.53,3.31 12.57,2.17 10.47,1.37L9.64,3.16C11.39,4.08 13,5.19 14.5,6.5L14,7L17,10L17.5,9.5C18.81,11 19.92,12.61 20.84,14.36L22.63,13.53C21.83,11.43 20.69,9.47 19.27,7.73Z";var m1="M8,5.14V19.14L19,12.14L8,5.14Z";var w2="M16.56,5.44L15.11,6.89C16.84,7.94 18,9.83 18,12A6,6 0 0,1 12,18A6,6 0 0,1 6,12C6,9.83 7.16,7.94 8.88,6.88L7.44,5.44C5.36,6.88 4,9.28 4,12A8,8 0 0,0 12,20A8,8 0 0,0 20,12C20,9.28 18.64,6.88 16.56,5.44M13,3H11V13H13";var b2="M13,2.03V2.05L13,4.05C17.39,4.59 20.5,8.58 19.96,12.97C19.5,16.61 16.64,19.5 13,19.93V21.93C18.5,21.38 22.5,16.5 21.95,11C21.5,6.25 17.73,2.5 13,2.03M11,2.06C9.05,2.25 7.19,3 5.67,4.26L7.1,5.74C8.22,4.84 9.57,4.26 11,4.06V2.06M4.26,5.67C3,7.19 2.25,9.04 2.05,11H4.05C4.24,9.58 4.8,8.23 5.69,7.1L4.26,5.67M2.06,13C2.26,14.96 3.03,16.81 4.27,18.33L5.69,16.9C4.81,15.77 4.24,14.42 4.06,13H2.06M7.1,18.37L5.67,19.74C7.18,21 9.04,21.79 11,22V20C9.58,19.82 8.23,19.25 7.1,18.37M12.5,7V12.25L17,14.92L16.25,16.15L11,13V7H12.5Z";var y2="M12,4C14.1,4 16.1,4.8 17.6,6.3C20.7,9.4 20.7,14.5 17.6,17.6C15.8,19.5 13.3,20.2 10.9,19.9L11.4,17.9C13.1,18.1 14.9,17.5 16.2,16.2C18.5,13.9 18.5,10.1 16.2,7.7C15.1,6.6 13.5,6 12,6V10.6L7,5.6L12,0.6V4M6.3,17.6C3.7,15 3.3,11 5.1,7.9L6.6,9.4C5.5,11.6 5.9,14.4 7.8,16.2C8.3,16.7 8.9,17.1 9.6,17.4L9,19.4C8,19 7.1,18.4 6.3,17.6Z";var B2="M12,2A2,2 0 0,1 14,4C14,4.74 13.6,5.39 13,5.73V7H14A7,7 0 0,1 21,14H22A1,1 0 0,1 23,15V18A1,1 0 0,1 22,19H21V20A2,2 0 0,1 19,22H5A2,2 0 0,1 3,20V19H2A1,1 0 0,1 1,18V15A1,1 0 0,1 2,14H3A7,7 0 0,1 10,7H11V5.73C10.4,5.39 10,4.74 10,4A2,2 0 0,1 12,2M7.5,13A2.5,2.5 0 0,0 5,15.5A2.5,2.5 0 0,0 7.5,18A2.5,2.5 0 0,0 10,15.5A2.5,2.5 0 0,0 7.5,13M16.5,13A2.5,2.5 0 0,0 14,15.5A2.5,2.5 0 0,0 16.5,18A2.5,2.5 0 0,0 19,15.5A2.5,2.5 0 0,0 16.5,13Z";var n1="M18,18H6V6H18V18Z";var P2="M17 13V7H19V13H17M17 17V15H19V17H17M13 13V5C13 3.3 11.7 2 10 2S7 3.3 7 5V13C4.8 14.7 4.3 17.8 6 20S10.8 22.7 13 21 15.7 16.2 14 14C13.7 13.6 13.4 13.3 13 13M10 4C10.6 4 11 4.4 11 5V8H9V5C9 4.4 9.4 4 10 4Z";function K(M,H,C){M.dispatchEvent(new CustomEvent(H,{detail:C,bubbles:!0,composed:!0}))}function l1(M){history.pushState(null,"",M),K(window,"location-changed",{replace:!1})}function v1(M,H){customElements.get(M)===void 0&&customElements.define(M,H)}var E={"add.description":"Your miners with what they earn, what needs attention, and why each does what it does.",attention:"Needs attention","attention.more":"{count} more","attention.none":"All is well","attention.reviews":"{count} decisions wait for your review","attention.reviews_one":"A decision waits for your review","card.fleet":"The fleet: headline, what needs attention, one row a miner","card.miner":"One miner: why it runs or not, figures, controls, its story","chart.hours":"{hours} h","chart.title":"Last hours","control.hold_hint":"Hold to stop","control.restart":"Restart","control.resume":"Resume automation","control.start":"Start","control.start_named":"Start {name}","control.stop":"Stop","control.stop_named":"Stop {name}","editor.miner":"Miner","editor.operator":"Only this operator","editor.title":"Title","empty.filtered":"No miner matches.","empty.filtered_hint":"Show all miners","empty.none":"No miners yet","empty.none_hint":"Add miners under Settings, Devices & services, AIEP Miner.","error.disconnected":"No connection to Home Assistant; the figures below are the last known ones.","error.starting":"Waiting for AIEP Miner to start …","figure.bad":"In danger or lost","figure.break_even":"Break-even","figure.busy":"Changing","figure.cost":"Energy cost","figure.efficiency":"Efficiency","figure.fans":"Fans","figure.hashrate":"Hash rate","figure.level":"Level","figure.limit":"limit {limit} °C","figure.miners":"Mining","figure.miners_of":"of {count}","figure.pool":"Pool","figure.power":"Power","figure.price":"Energy {price} {currency}/kWh","figure.profit":"Profit a day","figure.rejected":"Rejected shares","figure.revenue":"Revenue","figure.temperature":"Temperature","figure.uptime":"Running for",filter:"Show","filter.all":"All","filter.attention":"Attention","filter.mining":"Mining","filter.off":"Off",group:"Group","group.make":"By make","group.none":"No groups","group.operator":"By operator",ledger_broken:"The ledger was changed by someone else",list:"Miners","make.other":"Other makes","miner.board":"Board {number}","miner.boards":"Boards","miner.chips":"{working} of {expected} chips","miner.choose":"Choose a miner from the fleet.","miner.device":"Device page","miner.evidence":"Evidence no. {seq}","miner.missing":"This miner is not there any more, or you may not see it.","miner.story":"Its story","miner.story_forbidden":"Only administrators, and users whom the operator lets, read the ledger.","miner.story_none":"Nothing was asked of it yet.","mode.auto":"Automatic","mode.manual":"Manual",per_day:"a day",search:"Search miners",sort:"Sort","sort.attention":"Attention first","sort.hashrate":"Hash rate","sort.name":"Name","sort.power":"Power","sort.profit":"Profit","sort.temperature":"Temperature","state.contact_lost":"No contact","state.held":"Held","state.mining":"Mining","state.off":"Off","state.overheated":"Overheated","state.pending":"{action} under way","state.problem":"Problem","state.unknown":"Unknown","story.accepted":"{action}: accepted, not confirmed yet","story.began":"{what}: began","story.confirmed":"{action}: confirmed by its telemetry","story.ended":"{what}: over","story.failed":"{action}: failed","story.not_confirmed":"{action}: telemetry does not show it","story.refused":"{action}: refused","story.unknown":"{action}: not known whether it took effect","toast.asked":"{name}: {action} sent","view.fleet":"Fleet","view.miner":"Miner"};var s5={en:E};function o(M,H,C={}){let V=M.language.split("-")[0]??"en";return(s5[V]?.[H]??E[H]).replaceAll(/\{(\w+)\}/g,(r,e)=>String(C[e]??""))}var q="component.aiep_miner.entity";function T2(M,H,C){for(let L of H){let r=M.localize(`${L}.${C}`);if(r!=="")return r}let V=C.replaceAll("_"," ");return V.charAt(0).toUpperCase()+V.slice(1)}function g(M,H){let C=[`${q}.binary_sensor.problem.state_attributes.reason.state`,`${q}.binary_sensor.operator_problem.state_attributes.reason.state`,`${q}.sensor.reason.state`];return T2(M,C,H)}function k(M,H){return T2(M,[`${q}.sensor.decision.state_attributes.action.state`],H)}function x1(M,H){let C=M.localize(`${q}.select.preset.state.${H}`);return C===""?H:C}function j(M){return M.entity_id?.startsWith("switch.")===!0&&M.contact}function R2(M){return j(M)&&M.mining!==!1}async function Z1(M,H,C,V){if(C.entity_id===null)return;try{let r=V?"turn_on":"turn_off";await M.callService("switch",r,{},{entity_id:C.entity_id})}catch{return}let L={name:C.name,action:k(M,V?"run":"stop")};K(H,"hass-notification",{message:o(M,"toast.asked",L)})}var u5="aiep_miner/fleet/subscribe";var W1=class{constructor(H){this.connection=H;this.operators=new Map;this.miners=new Map;this.known=!1;this.listeners=new Set;this.attempt=0;this.restart=()=>{this.end=void 0,this.subscribe()};this.lost=()=>{this.error="disconnected",this.tell()}}listen(H){return this.listeners.add(H),this.listeners.size===1&&this.begin(),()=>{this.listeners.delete(H),this.listeners.size===0&&this.stop()}}apply(H){this.known=!0;let C=H.operator_id;if((H.operator===null||H.full===!0)&&this.forget(C),H.operator!==null){let V={...this.operators.get(C),...H.operator};this.operators.set(C,V);for(let[L,r]of Object.entries(H.miners)){let e=this.miners.get(L),t={id:L,operator_id:C,currency:V.currency};this.miners.set(L,{...e,...r,...t})}for(let L of H.removed)this.miners.delete(L)}this.tell()}forget(H){this.operators.delete(H);for(let C of this.miners.values())C.operator_id===H&&this.miners.delete(C.id)}begin(){this.connection.addEventListener("ready",this.restart),this.connection.addEventListener("disconnected",this.lost),this.subscribe()}stop(){this.connection.removeEventListener("ready",this.restart),this.connection.removeEventListener("disconnected",this.lost),clearTimeout(this.retry),this.attempt+=1,this.end?.().catch(()=>{}),this.end=void 0,this.known=!1,this.operators.clear(),this.miners.clear()}async subscribe(){clearTimeout(this.retry);let H=this.attempt+=1,C=!0,V=L=>{H===this.attempt&&(C&&(this.operators.clear(),this.miners.clear(),C=!1),this.apply(L))};try{let L=await this.connection.subscribeMessage(V,{type:u5},{resubscribe:!1});if(H!==this.attempt){await L().catch(()=>{});return}this.end=L,this.error=void 0}catch(L){if(H!==this.attempt)return;this.error=L.code??"unknown",this.retry=setTimeout(()=>{this.subscribe()},2e3)}this.tell()}tell(){for(let H of this.listeners)H()}},F2=new WeakMap;function D2(M){let H=F2.get(M);return H===void 0&&F2.set(M,H=new W1(M)),H}var S5=["language","locale","localize","config","user"],w=class extends O{static{this.properties={hass:{attribute:!1},config:{state:!0}}}connectedCallback(){super.connectedCallback(),this.follow()}disconnectedCallback(){super.disconnectedCallback(),this.quit?.(),this.quit=void 0}shouldUpdate(H){let C=H.get("hass"),V=this.hass;return V===void 0?!1:H.size>1||!H.has("hass")||C===void 0?!0:S5.some(L=>C[L]!==V[L])}willUpdate(H){H.has("hass")&&this.follow()}fleetChanged(){this.requestUpdate("fleet",void 0)}follow(){this.quit!==void 0||this.hass===void 0||!this.isConnected||(this.fleet=D2(this.hass.connection),this.quit=this.fleet.listen(()=>{this.fleetChanged()}),this.fleetChanged())}};var E2=B`
  .page {
    container: fleet / inline-size;
    max-width: 1360px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .page > * + * {
    margin-top: 16px;
  }

  /* The headline. */
  .headline {
    padding: 20px 24px;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 12px;
    align-items: center;
    justify-content: space-between;
  }
  h1 {
    font-size: 20px;
    font-weight: 500;
    margin: 0;
    letter-spacing: 0.1px;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .fact {
    font-size: 13px;
    line-height: 28px;
    padding: 0 12px;
    border-radius: 14px;
    color: var(--ink);
    background: color-mix(in srgb, var(--tone, var(--faint)) 14%, transparent);
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 16px;
    margin: 18px 0 20px;
  }
  .figure {
    min-width: 0;
  }
  .figure dt {
    font-size: 13px;
    color: var(--faint);
    margin-bottom: 2px;
  }
  .figure dd {
    margin: 0;
    font-size: 34px;
    line-height: 42px;
    font-weight: 500;
    letter-spacing: -0.5px;
    white-space: nowrap;
  }
  .figure dd .unit {
    font-size: 16px;
    letter-spacing: 0;
    margin-left: 4px;
  }
  .figure dd + dd {
    font-size: 20px;
    line-height: 26px;
  }
  .share {
    display: flex;
    gap: 3px;
    height: 10px;
  }
  .share i {
    background: var(--tone);
    border-radius: 5px;
    min-width: 10px;
    transition: flex-grow 0.6s ease;
  }
  .share i.idle {
    opacity: 0.45;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 18px;
    margin-top: 10px;
    font-size: 13px;
    color: var(--faint);
  }
  .legend span::before {
    content: "";
    display: inline-block;
    width: 8px;
    height: 8px;
    margin-right: 7px;
    border-radius: 50%;
    background: var(--tone);
  }
  .legend b {
    color: var(--ink);
    font-weight: 500;
  }

  /* What needs attention. */
  h2 {
    font-size: 15px;
    font-weight: 500;
    margin: 0 0 8px 4px;
  }
  .alerts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
    gap: 10px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .alert {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 12px 16px 12px 12px;
    min-height: 44px;
    color: inherit;
    text-decoration: none;
    text-align: start;
    position: relative;
    overflow: hidden;
    width: 100%;
    box-sizing: border-box;
    height: 100%;
  }
  .alert::before {
    content: "";
    position: absolute;
    inset: 0;
    background: color-mix(in srgb, var(--tone) 8%, transparent);
    border-inline-start: 4px solid var(--tone);
    pointer-events: none;
  }
  .alert b {
    display: block;
    font-weight: 500;
    font-size: 14px;
  }
  .alert small,
  .sentence {
    font-size: 13px;
    line-height: 18px;
    color: var(--faint);
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }

  .alert .badge {
    z-index: 1;
  }
  .more {
    display: block;
    height: 40px;
    padding: 0 8px;
    font-size: 14px;
    color: color-mix(in srgb, var(--primary-color) 75%, var(--ink));
  }

  /* The toolbar. */
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    padding: 12px 16px;
    border-bottom: 1px solid var(--line);
  }
  .tools .grow {
    flex: 1 1 180px;
    position: relative;
    min-width: 150px;
  }
  input,
  select {
    font: inherit;
    font-size: 14px;
    color: var(--ink);
    height: 36px;
    box-sizing: border-box;
    border: 1px solid var(--line);
    border-radius: 18px;
    background: transparent;
    padding: 0 14px;
  }
  input {
    width: 100%;
    padding-inline-start: 38px;
  }
  input::placeholder {
    color: var(--faint);
    opacity: 1;
  }
  select {
    appearance: none;
    padding-inline-end: 30px;
    cursor: pointer;
    max-width: 170px;
    text-overflow: ellipsis;
  }
  option {
    color: var(--ink);
    background: var(--paper);
  }
  .pick {
    position: relative;
    display: inline-flex;
  }
  .pick svg.icon {
    position: absolute;
    inset-inline-end: 8px;
    top: 8px;
    width: 20px;
    height: 20px;
    pointer-events: none;
    color: var(--faint);
  }
  .grow svg.icon {
    position: absolute;
    inset-inline-start: 11px;
    top: 8px;
    width: 20px;
    height: 20px;
    color: var(--faint);
  }
  .chips {
    display: flex;
    gap: 6px;
    overflow-x: auto;
    scrollbar-width: none;
    padding: 2px;
  }
  .chip {
    height: 36px;
    padding: 0 14px;
    border-radius: 18px;
    border: 1px solid var(--line);
    font-size: 14px;
    white-space: nowrap;
    flex: none;
  }
  .chip b {
    font-weight: 500;
    margin-inline-start: 5px;
    color: var(--faint);
    font-variant-numeric: tabular-nums;
  }
  .chip[aria-pressed="true"] {
    border-color: transparent;
    background: color-mix(in srgb, var(--primary-color) 18%, transparent);
  }
  .chip[aria-pressed="true"] b {
    color: inherit;
  }

  /* The list. */
  .columns,
  .row {
    display: grid;
    grid-template-columns: 40px minmax(200px, 1fr) 84px 160px 116px 84px 40px;
    column-gap: 16px;
    align-items: center;
    padding: 0 16px;
  }
  .columns {
    height: 34px;
    font-size: 12px;
    color: var(--faint);
    border-bottom: 1px solid var(--line);
  }
  .columns button {
    text-align: start;
    color: var(--faint);
    height: 32px;
    white-space: nowrap;
  }
  .columns button[aria-pressed="true"] {
    color: var(--ink);
    font-weight: 500;
  }
  .columns .end {
    text-align: end;
  }
  .rows {
    position: relative;
    overflow: hidden;
    border-radius: 0 0 var(--round) var(--round);
  }
  .row,
  .group {
    position: absolute;
    inset: 0 0 auto;
    box-sizing: border-box;
    border-bottom: 1px solid color-mix(in srgb, var(--line) 60%, transparent);
    overflow: hidden;
  }
  .group {
    display: flex;
    gap: 10px;
    align-items: flex-end;
    padding: 0 16px 8px;
    font-size: 14px;
    font-weight: 500;
  }
  .group span {
    font-weight: 400;
    color: var(--faint);
    font-size: 13px;
  }
  .row > *:not(.cover, .act, .hold) {
    pointer-events: none;
    position: relative;
  }
  .cover {
    position: absolute;
    inset: 0;
    border-radius: 4px;
    touch-action: manipulation;
    user-select: none;
    -webkit-user-select: none;
    -webkit-touch-callout: none;
    -webkit-tap-highlight-color: transparent;
  }
  .cover:focus-visible {
    outline-offset: -3px;
  }
  .row:hover {
    background: color-mix(in srgb, var(--ink) 4%, transparent);
  }
  .hold {
    position: absolute;
    inset: 0;
    pointer-events: none;
    background: color-mix(in srgb, var(--bad) 22%, transparent);
    transform: scaleX(0);
    transform-origin: left;
  }
  .cover[holding] + .hold {
    transform: scaleX(1);
    transition: transform 0.58s linear 0.12s;
  }
  .who {
    min-width: 0;
  }
  .name {
    font-size: 15px;
    font-weight: 500;
    line-height: 22px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .pill {
    justify-self: start;
    max-width: 100%;
    box-sizing: border-box;
    font-size: 12px;
    line-height: 24px;
    padding: 0 10px;
    border-radius: 12px;
    color: var(--ink);
    background: color-mix(in srgb, var(--faint) 14%, transparent);
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .rate {
    display: flex;
    gap: 10px;
    align-items: center;
    justify-content: flex-end;
    font-size: 14px;
  }
  .rate .number {
    min-width: 78px;
    text-align: end;
  }
  .curve {
    width: 72px;
    height: 28px;
    flex: none;
    overflow: visible;
  }
  .curve path {
    fill: none;
    stroke: var(--tone);
    stroke-width: 1.5;
    stroke-linejoin: round;
    vector-effect: non-scaling-stroke;
  }
  .curve path.area {
    stroke: none;
    fill: color-mix(in srgb, var(--tone) 26%, transparent);
    mask-image: linear-gradient(#000, transparent);
  }
  .warmth {
    font-size: 14px;
  }
  .warmth .heat {
    margin-top: 6px;
  }
  .profit {
    text-align: end;
    font-size: 15px;
    font-weight: 500;
  }
  .profit small {
    display: block;
    font-size: 12px;
    font-weight: 400;
    color: var(--faint);
  }
  .act {
    width: 40px;
    height: 40px;
    border-radius: 50%;
    display: grid;
    place-items: center;
    position: relative;
    color: var(--faint);
  }
  .act:hover {
    color: var(--ink);
    background: color-mix(in srgb, var(--ink) 8%, transparent);
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
  }
  .nothing b {
    display: block;
    font-size: 17px;
    font-weight: 500;
    color: var(--ink);
    margin-bottom: 6px;
  }
  .nothing button {
    color: var(--primary-color);
    height: 40px;
    padding: 0 16px;
  }
  .notice {
    padding: 10px 16px;
    font-size: 14px;
    background: color-mix(in srgb, var(--warn) 14%, var(--paper));
  }

  @container fleet (max-width: 940px) {
    .columns,
    .row {
      grid-template-columns: 40px minmax(180px, 1fr) 150px 112px 100px 40px;
      column-gap: 14px;
    }
    .of-level {
      display: none;
    }
    .curve {
      width: 56px;
    }
  }
  @container fleet (max-width: 760px) {
    .headline {
      padding: 16px;
    }
    .figures {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      gap: 12px;
      margin: 14px 0 16px;
    }
    .figure dd {
      font-size: 27px;
      line-height: 34px;
    }
    .figure dd .unit {
      font-size: 14px;
    }
    .columns {
      display: none;
    }
    .tools {
      padding: 12px;
    }
    .chips {
      order: 3;
      flex: 1 1 100%;
    }
    .tools .grow {
      flex: 1 1 120px;
      min-width: 120px;
    }
    .pick {
      max-width: 48%;
    }
    select {
      width: 100%;
    }
    .row {
      grid-template:
        "badge who profit" auto
        "badge facts facts" auto / 40px minmax(0, 1fr) auto;
      align-content: center;
      column-gap: 12px;
      row-gap: 8px;
      padding: 0 12px;
    }
    .row .badge {
      grid-area: badge;
      align-self: start;
      margin-top: 2px;
    }
    .row .who {
      grid-area: who;
      display: contents;
    }
    .row .name {
      grid-area: who;
    }
    .row .sentence {
      grid-column: 2 / -1;
      grid-row: 2;
      margin-top: -6px;
    }
    .row .profit {
      grid-area: profit;
    }
    .row .profit small {
      display: none;
    }
    .row .rate {
      grid-column: 2;
      grid-row: 3;
      justify-content: flex-start;
    }
    .row .rate .curve {
      order: 2;
    }
    .row .rate .number {
      text-align: start;
    }
    .row .warmth {
      grid-column: 3;
      grid-row: 3;
      width: 96px;
      justify-self: end;
    }
    .row .warmth .heat {
      margin-top: 3px;
    }
    .row .act {
      display: none;
    }
  }
  @container fleet (max-width: 480px) {
    .page > * + * {
      margin-top: 12px;
    }
  }
`;var c5={comma_decimal:"en-US",decimal_comma:"de",space_comma:"fr",quote_decimal:"de-CH"},x="–";function $2(M){return c5[M.locale.number_format]??M.locale.language}var _2=new Map;function W(M,H){let C=`${$2(M)} ${JSON.stringify(H)}`,V=_2.get(C);return V===void 0&&_2.set(C,V=new Intl.NumberFormat($2(M),H)),V}function N1(M,H,C,V=3){let L=Math.abs(H??0),[r,e]=C.find(([m])=>L>=m)??C.at(-1)??[1,""];if(H===null)return{value:x,unit:e};let t=H/r,i=Math.max(1,Math.floor(Math.log10(Math.max(Math.abs(t),1)))+1),d=H===0?0:Math.max(0,V-i);return{value:W(M,{maximumFractionDigits:d}).format(t),unit:e}}var h5=[[1,""]],O5=[[1e6,"EH/s"],[1e3,"PH/s"],[1,"TH/s"],[.001,"GH/s"]],f5=[[1e6,"MW"],[1e3,"kW"],[1,"W"]];function b(M,H){return H===0?{value:"0",unit:"TH/s"}:N1(M,H,H===null?[[1,"TH/s"]]:O5)}function s1(M,H){return N1(M,H,f5)}function y(M,H,C){if(H===null)return x;let V=Math.abs(H)>=1e3?0:2,L=Number(H.toFixed(V)),r={minimumFractionDigits:V,maximumFractionDigits:V,signDisplay:"negative"};try{return W(M,{...r,style:"currency",currency:C}).format(L).replace("-","−")}catch{return`${W(M,r).format(L)} ${C}`}}function u1(M,H){return H===null?x:W(M,{maximumSignificantDigits:3}).format(H)}function X(M,H){return H===null?x:W(M,{maximumFractionDigits:0}).format(H)}function I1(M,H){let C=new Date(H),V=C.toDateString()===new Date().toDateString(),L=M.locale.time_format==="12"?!0:M.locale.time_format==="24"?!1:void 0;return new Intl.DateTimeFormat(M.locale.language,{...V?{}:{day:"numeric",month:"short"},hour:"2-digit",minute:"2-digit",...L===void 0?{}:{hour12:L}}).format(C)}function U1(M,H){return H===null?x:N1(M,H,h5).value}var W2=[["day",86400,172800],["hour",3600,7200],["minute",60,0]];function N2(M,H){if(H===null)return x;let[C,V]=W2.find(([,,r])=>H>=r)??W2[2];return W(M,{style:"unit",unit:C,unitDisplay:"long",maximumFractionDigits:0}).format(H/V)}var S1=class{constructor(){this.kept=new Map}of(H){return(H===null?void 0:this.kept.get(H)?.values)??[]}async load(H,C){let V=Date.now(),L=C.filter(t=>V-(this.kept.get(t)?.at_ms??0)>3e5);if(L.length===0)return!1;for(let t of L)this.kept.set(t,{at_ms:V,values:this.of(t)});let r=await this.statistics(H,L,V),e=L.filter(t=>(r.get(t)?.length??0)<4);if(e.length>0)for(let[t,i]of await this.states(H,e,V))r.set(t,i);for(let[t,i]of r)this.kept.set(t,{at_ms:V,values:g5(i)});return!0}async statistics(H,C,V){try{let L=await H.callWS({type:"recorder/statistics_during_period",start_time:new Date(V-216e5).toISOString(),statistic_ids:C,period:"5minute",types:["mean"]}),r=e=>e.map(t=>t.mean).filter(t=>t!==null);return new Map(Object.entries(L).map(([e,t])=>[e,r(t)]))}catch{return new Map}}async states(H,C,V){try{let L=await H.callWS({type:"history/history_during_period",start_time:new Date(V-18e5).toISOString(),entity_ids:C,minimal_response:!0,no_attributes:!0}),r=e=>e.map(t=>Number.parseFloat(t.s)).filter(Number.isFinite);return new Map(Object.entries(L).map(([e,t])=>[e,r(t)]))}catch{return new Map}}};function g5(M,H=48){return M.length<=H?M:Array.from({length:H},(C,V)=>{let L=Math.floor(V*M.length/H),r=M.slice(L,Math.floor((V+1)*M.length/H));return r.reduce((e,t)=>e+t,0)/r.length})}var k5=1.25;function I2(M,H){if(M.length<2)return;let C=Math.max(...M)*k5;if(C<=0)return;let L=`M${M.map((r,e)=>{let t=e/(M.length-1)*H.width,i=H.height-Math.max(r,0)/C*H.height;return`${t.toFixed(1)},${i.toFixed(1)}`}).join("L")}`;return{line:L,area:`${L}L${H.width},${H.height}L0,${H.height}Z`}}function Z(M){return!M.contact||M.problems.includes("overheat")?"bad":M.problems.length>0?"warn":M.pending!==null?"busy":M.mining===!0?"good":"idle"}function c1(M){return!M.contact||M.problems.length>0}function G2(M){if(M.temperature_c!==null)return M.temperature_c>=M.limit_c?"hot":M.temperature_c>=M.limit_c-5?"warm":"cool"}function w5(M,H){return H==="mining"?M.mining===!0:H==="off"?M.mining!==!0:H==="all"||c1(M)}function b5(M,H){let C=H.trim().toLowerCase();return C===""?!0:[M.name,M.make,M.model,M.sentence,M.level].some(V=>V?.toLowerCase().includes(C))}var y5=["bad","warn","busy","good","idle"],Q2=new Intl.Collator(void 0,{numeric:!0,sensitivity:"base"}),B5={attention:M=>y5.indexOf(Z(M)),hashrate:M=>M.hashrate_ths,temperature:M=>M.temperature_c,profit:M=>M.profit_per_day,power:M=>M.power_w};function P5(M){let H=(L,r)=>Q2.compare(L.name,r.name),C=M.descending?-1:1;if(M.key==="name")return(L,r)=>C*H(L,r);let V=B5[M.key];return(L,r)=>{let e=V(L),t=V(r);return e===null||t===null?e===t?H(L,r):e===null?1:-1:C*(e-t)||H(L,r)}}function z2(M,H,C,V){let L=[...M].filter(t=>w5(t,H.filter)&&b5(t,H.text)).sort(P5(H.sort));if(H.group==="none")return L.map(t=>({miner:t}));let r=t=>H.group==="make"?t.make??V:C.get(t.operator_id)?.title??t.operator_id,e=new Map;for(let t of L){let i=r(t),d=e.get(i);d===void 0?e.set(i,[t]):d.push(t)}return[...e.keys()].sort((t,i)=>Q2.compare(t,i)).flatMap(t=>{let i=e.get(t)??[];return[{heading:t,key:`group:${t}`,miners:i},...i.map(d=>({miner:d}))]})}function U2(M,H){let C=M.map(H).filter(V=>V!==null);return C.length>0?C.reduce((V,L)=>V+L,0):null}function G1(M){let H=[...M],C=new Map,V={good:0,idle:0,busy:0,warn:0,bad:0};for(let L of H)V[Z(L)]+=1,L.profit_per_day!==null&&C.set(L.currency,(C.get(L.currency)??0)+L.profit_per_day);return{miners:H.length,mining:H.filter(L=>L.mining===!0).length,hashrate_ths:U2(H,L=>L.hashrate_ths),power_w:U2(H,L=>L.power_w),profit:C,tones:V}}var h1=B`
  :host {
    --good: var(--success-color, #43a047);
    --warn: var(--warning-color, #ffa600);
    --bad: var(--error-color, #db4437);
    --busy: var(--info-color, #039be5);
    --idle: var(--secondary-text-color, #727272);
    --ink: var(--primary-text-color, #141414);
    --faint: color-mix(in srgb, var(--secondary-text-color, #727272) 88%, var(--ink));
    --line: var(--divider-color, rgb(0 0 0 / 12%));
    --paper: var(--ha-card-background, var(--card-background-color, #fff));
    --round: var(--restore-card-border-radius, var(--ha-card-border-radius, 12px));
    display: block;
    color: var(--ink);
    font-family: var(--ha-font-family-body, Roboto, sans-serif);
    -webkit-font-smoothing: antialiased;
  }
  .panel {
    background: var(--paper);
    /* A panel view takes the borders of its one card away, and says what they were. */
    border: var(--restore-card-border-width, var(--ha-card-border-width, 1px)) solid
      var(--ha-card-border-color, var(--line));
    border-radius: var(--round);
    box-shadow: var(--restore-card-box-shadow, var(--ha-card-box-shadow, none));
  }
  .good {
    --tone: var(--good);
  }
  .warn {
    --tone: var(--warn);
  }
  .bad {
    --tone: var(--bad);
  }
  .busy {
    --tone: var(--busy);
  }
  .idle {
    --tone: var(--idle);
  }
  .badge {
    display: grid;
    place-items: center;
    width: 40px;
    height: 40px;
    border-radius: 50%;
    flex: none;
    color: color-mix(in srgb, var(--tone) 85%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  svg.icon {
    width: 22px;
    height: 22px;
    fill: currentcolor;
    display: block;
  }
  .number {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .unit {
    color: var(--faint);
    font-weight: 400;
  }
  .minus {
    color: color-mix(in srgb, var(--bad) 80%, var(--ink));
  }
  .plus {
    color: color-mix(in srgb, var(--good) 72%, var(--ink));
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: none;
    padding: 0;
    cursor: pointer;
  }
  button:focus-visible,
  a:focus-visible,
  input:focus-visible,
  select:focus-visible {
    outline: 2px solid var(--primary-color);
    outline-offset: 2px;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .heat {
    --tone: var(--good);
    position: relative;
    display: block;
    height: 5px;
    border-radius: 3px;
    background: color-mix(in srgb, var(--faint) 20%, transparent);
    overflow: hidden;
  }
  .heat.warm {
    --tone: var(--warn);
  }
  .heat.hot {
    --tone: var(--bad);
  }
  .heat i {
    position: absolute;
    inset: 0 auto 0 0;
    border-radius: 3px;
    background: var(--tone);
    transition: width 0.6s ease;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
      animation-duration: 1ms !important;
    }
  }
`;function h(M){return A`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    ${a1`<path d=${M}></path>`}
  </svg>`}function T5(M){return M.contact?M.problems.includes("overheat")?P2:M.problems.length>0?u2:M.pending!==null?b2:M.held_until_ms!==null?c2:M.mining===null?h2:M.mining?k2:w2:O2}function Y(M,H){if(!H.contact)return o(M,"state.contact_lost");let C=H.problems[0];return C!==void 0?g(M,C):H.pending!==null?o(M,"state.pending",{action:k(M,H.pending)}):H.mining===null?o(M,"state.unknown"):o(M,H.mining?"state.mining":"state.off")}var J=M=>A`<span class="badge ${Z(M)}">${h(T5(M))}</span>`;function C1(M,H){if(H.temperature_c===null)return A`<span class="unit">${x}</span>`;let C=Math.min(100,H.temperature_c/H.limit_c*100);return A`<span class="number"
      >${X(M,H.temperature_c)}<span class="unit"
        > / ${X(M,H.limit_c)} °C</span
      ></span
    >
    <span class="heat ${G2(H)??""}"><i style="width:${C}%"></i></span>`}var O1=class{constructor(H){this.press=H;this.held=!1}down(H,C){this.cancel(),this.held=!1,!(H.button!==0||!this.press.canHold(C))&&(this.began={x:H.clientX,y:H.clientY},this.element=H.currentTarget,this.element.toggleAttribute("holding",!0),this.timer=setTimeout(()=>{this.held=!0,this.cancel(),this.press.hold(C)},700))}move(H){if(this.began===void 0)return;let{x:C,y:V}=this.began;Math.hypot(H.clientX-C,H.clientY-V)>12&&this.cancel()}click(H,C){H.ctrlKey||H.metaKey||H.shiftKey||(H.preventDefault(),this.cancel(),this.held?this.held=!1:this.press.tap(C))}cancel(){clearTimeout(this.timer),this.element?.removeAttribute("holding"),this.element=void 0,this.began=void 0}};function q2(M){let H=[0];for(let C of M)H.push((H.at(-1)??0)+C);return H}function K2(M,H){let C=0,V=M.length;for(;C<V;){let L=C+V>>1;(M[L]??0)<=H?C=L+1:V=L}return C}function j2(M,H,C){let V=C.length-1,L=Math.min(Math.max(0,K2(C,-M)-1-6),V),r=Math.min(K2(C,H-M)+6,V);return{first:L,end:Math.max(L,r)}}var R5=["all","mining","off","attention"],X2=["attention","name","hashrate","temperature","profit","power"],Y2=["none","make","operator"],J2=new Set(["hashrate","temperature","profit","power"]),F5=760,C5={desk:72,phone:128},D5=52,H5=4,E5=20,$5=150,Q1={width:72,height:28},V5="aiep-miner-fleet",f1=class extends w{constructor(){super();this.items=[];this.starts=[0];this.curves=new S1;this.press=new O1({tap:C=>{this.open(C)},hold:C=>{this.turn(C,!1)},canHold:R2});this.watcher=new ResizeObserver(C=>{let V=C[0]?.contentRect.width??0;V>0&&(this.narrow=V<=F5),this.look()});this.look=()=>{let C=this.renderRoot.querySelector(".rows");if(C===null)return;let V=C.getBoundingClientRect().top,L=j2(V,window.innerHeight,this.starts);(L.first!==this.range.first||L.end!==this.range.end)&&(this.range=L)};this.filter="all",this.text="",this.sort={key:"attention",descending:!1},this.group="none",this.narrow=!1,this.range={first:0,end:0},this.remember()}static{this.styles=[h1,E2]}static{this.properties={...w.properties,filter:{state:!0},text:{state:!0},sort:{state:!0},group:{state:!0},narrow:{state:!0},range:{state:!0}}}static getStubConfig(){return{}}static getConfigForm(){return{schema:[{name:"title",selector:{text:{}}},{name:"operator_id",selector:{config_entry:{integration:"aiep_miner"}}}],computeLabel:(C,V)=>V(`ui.panel.lovelace.editor.card.generic.${C.name}`)||o({language:"en"},"editor.operator")}}setConfig(C){this.config=C}getCardSize(){return 12}getGridOptions(){return{columns:"full",min_columns:6}}connectedCallback(){super.connectedCallback(),this.watcher.observe(this),window.addEventListener("scroll",this.look,{capture:!0,passive:!0}),window.addEventListener("resize",this.look,{passive:!0})}disconnectedCallback(){super.disconnectedCallback(),this.watcher.disconnect(),window.removeEventListener("scroll",this.look,{capture:!0}),window.removeEventListener("resize",this.look),clearTimeout(this.curvesDue)}willUpdate(C){super.willUpdate(C);let{hass:V,fleet:L}=this;if(V===void 0||L===void 0)return;let r={filter:this.filter,text:this.text,sort:this.sort,group:this.group};this.items=z2(this.miners(),r,L.operators,o(V,"make.other"));let e=this.narrow?C5.phone:C5.desk;this.starts=q2(this.items.map(t=>"miner"in t?e:D5))}updated(){this.look(),this.scheduleCurves()}miners(){let C=[...this.fleet?.miners.values()??[]],V=this.config?.operator_id;return V?C.filter(L=>L.operator_id===V):C}operators(){let C=this.config?.operator_id;return[...this.fleet?.operators??[]].filter(([L])=>!C||L===C).map(([,L])=>L)}scheduleCurves(){clearTimeout(this.curvesDue),this.curvesDue=setTimeout(()=>{this.loadCurves()},$5)}async loadCurves(){let{hass:C}=this;if(C===void 0)return;let V=this.items.slice(this.range.first,this.range.end).map(L=>"miner"in L?L.miner.rate_entity_id:null).filter(L=>L!==null);await this.curves.load(C,V)&&this.requestUpdate("curves",void 0)}remember(){try{let C=localStorage.getItem(V5),{sort:V,group:L}=JSON.parse(C??"{}");V!==void 0&&X2.includes(V.key)&&(this.sort=V),L!==void 0&&Y2.includes(L)&&(this.group=L)}catch{}}choose(C){this.sort=C.sort??this.sort,this.group=C.group??this.group;try{localStorage.setItem(V5,JSON.stringify({sort:this.sort,group:this.group}))}catch{}}sortBy(C){let V=this.sort.key===C;this.choose({sort:{key:C,descending:V?!this.sort.descending:J2.has(C)}})}address(C){let V=location.pathname.split("/")[1]??"",L=this.config?.details_path;return L?`/${V}/${L}?miner=${encodeURIComponent(C.id)}`:`/config/devices/device/${C.device_id??""}`}open(C){this.config?.details_path?l1(this.address(C)):K(this,"hass-more-info",{entityId:C.entity_id})}async turn(C,V){this.hass!==void 0&&await Z1(this.hass,this,C,V)}render(){let{hass:C,fleet:V}=this;if(C===void 0||V===void 0)return p;let L=this.miners();return A`<div class="page">
      ${V.error===void 0?p:this.notice(C,V.error)}
      ${V.known?this.content(C,L):p}
    </div>`}notice(C,V){return A`<div class="panel notice" role="status">${o(C,V==="disconnected"?"error.disconnected":"error.starting")}</div>`}content(C,V){return V.length===0?A`<div class="panel nothing">
        <b>${o(C,"empty.none")}</b>${o(C,"empty.none_hint")}
      </div>`:A`${this.headline(C,V)} ${this.attention(C,V)}
      <section class="panel" aria-label=${o(C,"list")}>
        ${this.toolbar(C,V)} ${this.columns(C)} ${this.list(C)}
      </section>`}headline(C,V){let L=G1(V),r=this.operators(),e=this.config?.title??r.map(t=>t.title).join(", ");return A`<header class="panel headline">
      <div class="top">
        <h1>${e}</h1>
        <div class="facts">${r.length===1?this.facts(C,r[0]):p}</div>
      </div>
      <dl class="figures">
        ${this.figure(o(C,"figure.hashrate"),b(C,L.hashrate_ths))}
        ${this.figure(o(C,"figure.power"),s1(C,L.power_w))}
        ${this.profits(C,L.profit)}
        ${this.figure(o(C,"figure.miners"),{value:String(L.mining),unit:o(C,"figure.miners_of",{count:L.miners})})}
      </dl>
      ${this.share(C,L.tones)}
    </header>`}facts(C,V){if(V===void 0)return p;let r={price:u1(C,V.energy_price),currency:V.currency};return A`<span class="fact ${V.mode==="auto"?"good":"warn"}"
        >${o(C,`mode.${V.mode}`)}</span
      >
      <span class="fact">${o(C,"figure.price",r)}</span>`}figure(C,V){return A`<div class="figure">
      <dt>${C}</dt>
      <dd class="number">${V.value}<span class="unit">${V.unit}</span></dd>
    </div>`}profits(C,V){let L=V.size>0?[...V]:[["",null]];return A`<div class="figure">
      <dt>${o(C,"figure.profit")}</dt>
      ${L.map(([r,e])=>A`<dd class="number ${g1(e)}">${y(C,e,r)}</dd>`)}
    </div>`}share(C,V){let r=[["good",V.good,"filter.mining"],["busy",V.busy,"figure.busy"],["idle",V.idle,"filter.off"],["warn",V.warn,"state.problem"],["bad",V.bad,"figure.bad"]].filter(([,e])=>e>0);return A`<div class="share" aria-hidden="true">
        ${r.map(([e,t])=>A`<i class=${e} style="flex-grow:${t}"></i>`)}
      </div>
      <div class="legend">
        ${r.map(([e,t,i])=>A`<span class=${e}><b class="number">${t}</b> ${o(C,i)}</span>`)}
      </div>`}attention(C,V){let L=[...this.operators().flatMap(e=>this.operatorAlerts(C,e)),...V.filter(c1).sort((e,t)=>+(Z(t)==="bad")-+(Z(e)==="bad")).map(e=>this.minerAlert(C,e))];if(L.length===0)return p;let r=L.length-H5;return A`<section aria-label=${o(C,"attention")}>
      <h2>${o(C,"attention")}</h2>
      <ul class="alerts">
        ${L.slice(0,H5).map(e=>A`<li>${e}</li>`)}
      </ul>
      ${r>0?A`<button
            class="more"
            @click=${()=>{this.filter="attention"}}
          >
            ${o(C,"attention.more",{count:r})}
          </button>`:p}
    </section>`}operatorAlerts(C,V){let L=V.problems.map(i=>g(C,i));V.ledger_broken&&!V.problems.includes("ledger_tampered")&&L.push(o(C,"ledger_broken"));let r=L.map(i=>A`<a class="panel alert bad" href="/config/repairs"
          ><span><b>${V.title}</b><small>${i}</small></span></a
        >`);if(V.reviews===0)return r;let e=V.reviews===1?"attention.reviews_one":"attention.reviews",t=o(C,e,{count:V.reviews});return[...r,A`<a class="panel alert busy" href="/config/devices/device/${V.device_id??""}"
        ><span><b>${V.title}</b><small>${t}</small></span></a
      >`]}minerAlert(C,V){return A`<a
      class="panel alert ${Z(V)}"
      href=${this.address(V)}
      @click=${L=>{L.preventDefault(),this.open(V)}}
      >${J(V)}<span
        ><b>${V.name}: ${Y(C,V)}</b><small>${V.sentence}</small></span
      ></a
    >`}toolbar(C,V){let L={all:V.length,mining:V.filter(r=>r.mining===!0).length,off:V.filter(r=>r.mining!==!0).length,attention:V.filter(c1).length};return A`<div class="tools">
      <div class="grow">
        ${h(f2)}
        <input
          type="search"
          aria-label=${o(C,"search")}
          placeholder=${o(C,"search")}
          .value=${this.text}
          @input=${r=>{this.text=r.target.value}}
        />
      </div>
      <div class="chips" role="group" aria-label=${o(C,"filter")}>
        ${R5.map(r=>A`<button
              class="chip"
              aria-pressed=${this.filter===r}
              @click=${()=>{this.filter=r}}
            >
              ${o(C,`filter.${r}`)}<b>${L[r]}</b>
            </button>`)}
      </div>
      ${this.picker(C,"sort",X2,this.sort.key,r=>{this.choose({sort:{key:r,descending:J2.has(r)}})})}
      ${V.length<E5&&this.group==="none"?p:this.picker(C,"group",Y2,this.group,r=>{this.choose({group:r})})}
    </div>`}picker(C,V,L,r,e){return A`<span class="pick"
      ><select
        aria-label=${o(C,V)}
        @change=${t=>{e(t.target.value)}}
      >
        ${L.map(t=>A`<option value=${t} ?selected=${t===r}>
              ${o(C,`${V}.${t}`)}
            </option>`)}</select
      >${h(S2)}</span
    >`}columns(C){let V=(L,r=!1)=>A`<button
        class=${r?"end":""}
        aria-pressed=${this.sort.key===L}
        @click=${()=>{this.sortBy(L)}}
      >
        ${o(C,`sort.${L}`)}${this.sort.key===L?this.sort.descending?" ↓":" ↑":""}
      </button>`;return A`<div class="columns">
      <span></span>${V("name")}<span class="of-level">${o(C,"figure.level")}</span
      >${V("hashrate",!0)}${V("temperature")}${V("profit",!0)}<span></span>
    </div>`}list(C){if(this.items.length===0)return A`<div class="nothing">
        <b>${o(C,"empty.filtered")}</b>
        <button
          @click=${()=>{this.filter="all",this.text=""}}
        >
          ${o(C,"empty.filtered_hint")}
        </button>
      </div>`;let{first:V,end:L}=this.range,r=this.items.slice(V,L).map((e,t)=>({item:e,at:V+t}));return A`<div
      class="rows"
      role="list"
      aria-label=${o(C,"list")}
      style="height:${this.starts.at(-1)??0}px"
    >
      ${s2(r,({item:e})=>"miner"in e?e.miner.id:e.key,({item:e,at:t})=>{let i=`top:${this.starts[t]??0}px;height:${(this.starts[t+1]??0)-(this.starts[t]??0)}px`;return"miner"in e?this.row(C,e.miner,t,i):this.groupHeading(C,e,i)})}
    </div>`}groupHeading(C,V,L){let r=G1(V.miners),{value:e,unit:t}=b(C,r.hashrate_ths),i=[...r.profit].map(([d,m])=>y(C,m,d));return A`<div class="group" role="listitem" style=${L}>
      ${V.heading}
      <span
        >${r.mining} ${o(C,"figure.miners_of",{count:r.miners})} · ${e} ${t} ·
        ${i.join(" · ")}</span
      >
    </div>`}row(C,V,L,r){let e=b(C,V.hashrate_ths);return A`<div
      class="row"
      role="listitem"
      aria-setsize=${this.items.length}
      aria-posinset=${L+1}
      style=${r}
    >
      <a
        class="cover"
        title=${V.sentence??p}
        href=${this.address(V)}
        aria-label=${this.label(C,V)}
        draggable="false"
        data-miner=${V.id}
        @pointerdown=${t=>{this.press.down(t,V)}}
        @pointermove=${t=>{this.press.move(t)}}
        @pointerleave=${()=>{this.press.cancel()}}
        @pointercancel=${()=>{this.press.cancel()}}
        @contextmenu=${t=>{t.button!==2&&t.preventDefault()}}
        @click=${t=>{this.press.click(t,V)}}
      ></a>
      <span class="hold"></span>
      ${J(V)}
      <div class="who">
        <div class="name">${V.name}</div>
        <div class="sentence">${V.sentence}</div>
      </div>
      ${V.level===null?A`<span class="of-level"></span>`:A`<span class="pill of-level">${x1(C,V.level)}</span>`}
      <div class="rate">
        ${this.curve(V)}
        <span class="number">${e.value} <span class="unit">${e.unit}</span></span>
      </div>
      <div class="warmth">${C1(C,V)}</div>
      <div class="profit number ${g1(V.profit_per_day)}">
        ${y(C,V.profit_per_day,V.currency)}${V.profit_per_day===null?p:A`<small>${o(C,"per_day")}</small>`}
      </div>
      ${this.act(C,V)}
    </div>`}label(C,V){let L=b(C,V.hashrate_ths),r=[V.name,Y(C,V),V.sentence??""];return V.hashrate_ths!==null&&r.push(`${L.value} ${L.unit}`),V.temperature_c!==null&&r.push(`${Math.round(V.temperature_c)} °C`),r.join(", ")}curve(C){let V=I2(this.curves.of(C.rate_entity_id),Q1);return V===void 0?p:A`<svg
      class="curve ${C.mining===!0?"good":"idle"}"
      viewBox="0 0 ${Q1.width} ${Q1.height}"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${a1`<path class="area" d=${V.area}></path><path d=${V.line}></path>`}
    </svg>`}act(C,V){if(!j(V))return A`<span></span>`;let L=V.mining!==!1,r=o(C,L?"control.stop_named":"control.start_named",{name:V.name});return A`<button
      class="act"
      aria-label=${r}
      title=${k(C,L?"stop":"run")}
      @click=${()=>{this.turn(V,!L)}}
    >
      ${h(L?n1:m1)}
    </button>`}};function g1(M){return M===null||Math.abs(M)<.005?"":M<0?"minus":"plus"}function L5(M,H,C){return M.callWS({type:"aiep_miner/fleet/miner",operator_id:H,miner_id:C})}var M5=B`
  .page {
    container: miner / inline-size;
    max-width: 1180px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1.55fr) minmax(0, 1fr);
    gap: 16px;
    align-items: start;
    margin-top: 16px;
  }
  .stack {
    display: grid;
    gap: 16px;
    min-width: 0;
  }
  .hero {
    padding: 20px 24px;
    position: relative;
    overflow: hidden;
  }
  .hero::before {
    content: "";
    position: absolute;
    inset: 0;
    pointer-events: none;
    background: linear-gradient(
      100deg,
      color-mix(in srgb, var(--tone) 16%, transparent),
      transparent 55%
    );
  }
  .who {
    display: flex;
    gap: 16px;
    align-items: flex-start;
    position: relative;
  }
  .who .badge {
    width: 56px;
    height: 56px;
  }
  .who .badge svg.icon {
    width: 30px;
    height: 30px;
  }
  h1 {
    margin: 0;
    font-size: 24px;
    line-height: 30px;
    font-weight: 500;
  }
  .model {
    font-size: 14px;
    color: var(--faint);
  }
  .why {
    position: relative;
    font-size: 17px;
    line-height: 25px;
    margin: 16px 0 0;
    max-width: 62ch;
    text-wrap: pretty;
  }
  .controls {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    margin-top: 18px;
  }
  .controls button,
  .controls a {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    height: 40px;
    padding: 0 18px 0 14px;
    border-radius: 20px;
    font-size: 14px;
    font-weight: 500;
    text-decoration: none;
    color: var(--ink);
    border: 1px solid var(--line);
    box-sizing: border-box;
  }
  .controls button.main {
    border-color: transparent;
    color: color-mix(in srgb, var(--tone) 62%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  .controls button[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(132px, 1fr));
    gap: 16px 20px;
    margin: 0;
    padding: 18px 24px;
  }
  dt {
    font-size: 13px;
    color: var(--faint);
    margin-bottom: 2px;
  }
  dd {
    margin: 0;
    font-size: 20px;
    line-height: 26px;
    font-weight: 500;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  dd .unit {
    font-size: 14px;
  }
  dd small {
    display: block;
    font-size: 12px;
    line-height: 16px;
    font-weight: 400;
    color: var(--faint);
  }
  dd.text {
    font-size: 14px;
    font-weight: 400;
  }
  dd .heat {
    margin-top: 4px;
  }
  h2 {
    font-size: 15px;
    font-weight: 500;
    margin: 0;
    padding: 16px 20px 8px;
  }
  .boards {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
    gap: 12px;
    padding: 4px 20px 20px;
  }
  .board {
    border-radius: 10px;
    padding: 12px 14px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
    font-size: 13px;
  }
  .board b {
    display: block;
    font-weight: 500;
    font-size: 14px;
    margin-bottom: 4px;
  }
  .board .heat {
    margin: 6px 0;
  }
  .board small {
    color: var(--faint);
    font-size: 12px;
  }
  .story {
    list-style: none;
    margin: 0;
    padding: 4px 20px 18px;
  }
  .story li {
    position: relative;
    padding: 0 0 16px 26px;
    font-size: 14px;
    line-height: 20px;
  }
  .story li::before {
    content: "";
    position: absolute;
    left: 3px;
    top: 5px;
    width: 10px;
    height: 10px;
    border-radius: 50%;
    background: var(--tone);
    z-index: 1;
  }
  .story li::after {
    content: "";
    position: absolute;
    left: 7px;
    top: 10px;
    bottom: -6px;
    width: 2px;
    background: var(--line);
  }
  .story li:last-child {
    padding-bottom: 0;
  }
  .story li:last-child::after {
    display: none;
  }
  .story small {
    display: block;
    font-size: 12px;
    color: var(--faint);
  }
  .quiet {
    padding: 4px 20px 20px;
    font-size: 14px;
    color: var(--faint);
  }
  .chart {
    min-width: 0;
    overflow: hidden;
    --ha-card-background: transparent;
  }
  .head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding-inline-end: 16px;
  }
  .chips {
    display: flex;
    gap: 4px;
    padding-top: 8px;
  }
  .chips button {
    font-size: 13px;
    height: 32px;
    padding: 0 12px;
    border-radius: 16px;
    color: var(--faint);
  }
  .chips button[aria-pressed="true"] {
    color: var(--ink);
    background: color-mix(in srgb, var(--primary-color) 18%, transparent);
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
  }
  .picker {
    display: block;
    margin: 16px auto 0;
    font: inherit;
    height: 40px;
    max-width: 100%;
    color: var(--ink);
    background: transparent;
    border: 1px solid var(--line);
    border-radius: 20px;
    padding: 0 14px;
  }
  @container miner (max-width: 820px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @container miner (max-width: 520px) {
    .hero {
      padding: 16px;
    }
    .figures {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      padding: 16px;
    }
    .controls button,
    .controls a {
      flex: 1 1 44%;
      justify-content: center;
    }
  }
`;var _5=["receipt","negative_proof","divergence"],W5={confirmed:"good",accepted:"busy",not_confirmed:"warn",failed:"bad",unknown:"warn"},N5=40;async function r5(M,H,C){let V=await M.callWS({type:"aiep_miner/ledger/records",operator_id:H,miner_id:C,kinds:_5,order:"newest_first",limit:N5});return I5(V.records).map(L=>U5(M,L)).filter(L=>L!==void 0)}function I5(M){let H=new Set;return M.filter(({kind:C,body:V})=>{if(C!=="receipt"||V===null)return!0;let L=V.outcome==="accepted"&&!H.has(V.decision);return V.outcome!=="accepted"&&H.add(V.decision),L||V.outcome!=="accepted"})}function H1(M){return typeof M=="string"?M:""}function U5(M,H){let{seq:C,ts:V,kind:L,body:r}=H;if(r===null)return;let e={seq:C,at_ms:V};if(L==="divergence"){let a=r.active!==!1,l=a?"story.began":"story.ended",n=g(M,H1(r.code));return{...e,tone:a?"warn":"good",title:o(M,l,{what:n}),reason:""}}let t={action:k(M,H1(r.action))};if(L==="negative_proof"){let a=o(M,"story.refused",t);return{...e,tone:"idle",title:a,reason:g(M,H1(r.rule))}}let i=H1(r.outcome),d=o(M,`story.${i}`,t),m=i==="failed"?g(M,H1(r.reason)):"";return{...e,tone:W5[i]??"idle",title:d,reason:m}}var G5=[1,6,24],Q5=6,k1=class extends w{constructor(){super();this.charted="";this.moved=()=>{this.fleetChanged()};this.busy=!1,this.hours=Q5}static{this.styles=[h1,M5]}static{this.properties={...w.properties,details:{state:!0},story:{state:!0},busy:{state:!0},hours:{state:!0}}}static getStubConfig(){return{}}static getConfigForm(){return{schema:[{name:"device_id",selector:{device:{integration:"aiep_miner"}}}],computeLabel:()=>o({language:"en"},"editor.miner")}}setConfig(C){this.config=C}getCardSize(){return 10}getGridOptions(){return{columns:"full",min_columns:6}}connectedCallback(){super.connectedCallback(),window.addEventListener("location-changed",this.moved),window.addEventListener("popstate",this.moved)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("location-changed",this.moved),window.removeEventListener("popstate",this.moved)}find(){let C=this.config?.device_id,V=new URLSearchParams(location.search).get("miner"),L=[...this.fleet?.miners.values()??[]];return C?L.find(r=>r.device_id===C):L.find(r=>r.id===V)}willUpdate(C){super.willUpdate(C);let V=this.find();V?.id!==this.shown?.id&&(this.details=void 0,this.story=void 0),V!==this.shown&&V!==void 0&&this.load(V),this.shown=V,this.charts!==void 0&&this.hass!==void 0&&(this.charts.hass=this.hass)}shouldUpdate(C){return this.charts!==void 0&&this.hass!==void 0&&(this.charts.hass=this.hass),super.shouldUpdate(C)}async load(C){let{hass:V}=this;if(V!==void 0)try{let L=await L5(V,C.operator_id,C.id);if(this.shown?.id!==C.id)return;this.details=L,this.chart(L);let r=L.may_read_ledger?await r5(V,C.operator_id,C.id):null;this.shown.id===C.id&&(this.story=r)}catch{}}async chart(C){let{hashrate:V,temperature:L,power:r}=C.entities,e=[V,L,r].filter(m=>m!==void 0),t=`${e.join()} ${this.hours}`;if(e.length===0||t===this.charted||window.loadCardHelpers===void 0)return;this.charted=t;let d=(await window.loadCardHelpers()).createCardElement({type:"history-graph",hours_to_show:this.hours,entities:e});this.hass!==void 0&&(d.hass=this.hass),this.charts=d,this.requestUpdate("charts",void 0)}async turn(C,V){this.hass===void 0||this.busy||(this.busy=!0,await Z1(this.hass,this,C,V),this.busy=!1)}press(C){this.hass?.callService("button","press",{},{entity_id:C}).catch(()=>{})}render(){let{hass:C,fleet:V,shown:L}=this;if(C===void 0||V?.known!==!0)return p;if(L===void 0)return this.missing(C);let{details:r}=this;return A`<div class="page">
      ${this.hero(C,L,r)}
      <div class="columns">
        <div class="stack">
          ${this.figures(C,L,r)}
          ${this.charts===void 0?p:this.curves(C,this.charts)}
          ${r===void 0||r.boards.length===0?p:this.boards(C,L,r)}
        </div>
        <div class="stack">${this.past(C)}</div>
      </div>
    </div>`}missing(C){let V=new URLSearchParams(location.search).has("miner")||this.config?.device_id,L=[...this.fleet?.miners.values()??[]];return A`<div class="page">
      <div class="panel nothing">
        ${o(C,V?"miner.missing":"miner.choose")}
        <select
          class="picker"
          aria-label=${o(C,"editor.miner")}
          @change=${r=>{let e=r.target.value;l1(`${location.pathname}?miner=${encodeURIComponent(e)}`)}}
        >
          <option></option>
          ${L.map(r=>A`<option value=${r.id}>${r.name}</option>`)}
        </select>
      </div>
    </div>`}hero(C,V,L){let r=[V.make,V.model,L?.firmware].filter(Boolean).join(" · "),e=V.held_until_ms!==null&&L?.held_by?` · ${o(C,"state.held")}: ${L.held_by}, ${I1(C,V.held_until_ms)}`:"";return A`<header class="panel hero ${Z(V)}">
      <div class="who">
        ${J(V)}
        <div>
          <h1>${V.name}</h1>
          <div class="model">${Y(C,V)}${r?` · ${r}`:""}${e}</div>
        </div>
      </div>
      <p class="why">${V.sentence}</p>
      <div class="controls">${this.controls(C,V,L)}</div>
    </header>`}controls(C,V,L){let r=this.busy||V.pending!==null;return[j(V)?this.mainButton(C,V,r):p,L===void 0?p:this.buttons(C,V,L,r),A`<a href="/config/devices/device/${V.device_id??""}"
        >${h(g2)}${o(C,"miner.device")}</a
      >`]}buttons(C,V,L,r){let{restart:e,resume_automation:t}=L.entities,i=V.held_until_ms!==null||L.latched;return[e!==void 0&&V.mining===!0?this.button(C,"control.restart",y2,e,r):p,t!==void 0&&i?this.button(C,"control.resume",B2,t,r):p]}mainButton(C,V,L){let r=V.mining!==!1;return A`<button
      class="main ${r?"bad":"good"}"
      ?disabled=${L}
      @click=${()=>{this.turn(V,!r)}}
    >
      ${h(r?n1:m1)}${o(C,r?"control.stop":"control.start")}
    </button>`}button(C,V,L,r,e){return A`<button
      ?disabled=${e}
      @click=${()=>{this.press(r)}}
    >
      ${h(L)}${o(C,V)}
    </button>`}figures(C,V,L){let r=V.power_w!==null&&V.hashrate_ths?V.power_w/V.hashrate_ths:null;return A`<dl class="panel figures">
      ${this.figure(C,"figure.hashrate",b(C,V.hashrate_ths))}
      ${this.figure(C,"figure.power",s1(C,V.power_w))}
      ${r===null?p:this.figure(C,"figure.efficiency",{value:U1(C,r),unit:"J/TH"})}
      <div>
        <dt>${o(C,"figure.temperature")}</dt>
        <dd>${C1(C,V)}</dd>
      </div>
      <div>
        <dt>${o(C,"figure.profit")}</dt>
        <dd class="number ${g1(V.profit_per_day)}">
          ${y(C,V.profit_per_day,V.currency)}
        </dd>
      </div>
      ${L===void 0?p:this.more(C,V,L)}
    </dl>`}more(C,V,L){let{shares_accepted:r,shares_rejected:e}=L,t=r!==null&&e!==null&&r+e>0?e/(r+e)*100:null,i=[Math.min(...L.fans_rpm),Math.max(...L.fans_rpm)],d=L.fans_rpm.length?[...new Set(i)].map(a=>X(C,a)).join(" – "):"",m=[["figure.revenue",{value:y(C,L.revenue_per_day,V.currency),unit:""}],["figure.cost",{value:y(C,L.cost_per_day,V.currency),unit:""}],["figure.break_even",{value:u1(C,L.break_even),unit:`${V.currency}/kWh`}],["figure.level",{value:V.level===null?x:x1(C,V.level),unit:""}],["figure.fans",{value:d||x,unit:d?"rpm":""}],["figure.uptime",{value:N2(C,L.uptime_s),unit:""}],["figure.rejected",{value:U1(C,t),unit:"%"}]];return A`${m.filter(([,{value:a}])=>a!==x).map(([a,l])=>this.figure(C,a,l))}
    ${L.pool===null?p:A`<div>
          <dt>${o(C,"figure.pool")}</dt>
          <dd class="text" title=${L.pool}>${L.pool}</dd>
        </div>`}`}figure(C,V,{value:L,unit:r}){return A`<div>
      <dt>${o(C,V)}</dt>
      <dd class="number">${L} <span class="unit">${r}</span></dd>
    </div>`}curves(C,V){return A`<section class="panel chart" aria-label=${o(C,"chart.title")}>
      <div class="head">
        <h2>${o(C,"chart.title")}</h2>
        <div class="chips">
          ${G5.map(L=>A`<button
                aria-pressed=${L===this.hours}
                @click=${()=>{this.hours=L,this.details!==void 0&&this.chart(this.details)}}
              >
                ${o(C,"chart.hours",{hours:L})}
              </button>`)}
        </div>
      </div>
      ${V}
    </section>`}boards(C,V,L){return A`<section class="panel">
      <h2>${o(C,"miner.boards")}</h2>
      <div class="boards">${L.boards.map(r=>this.board(C,V,r))}</div>
    </section>`}board(C,V,L){let r=L.chip_temperature_c??L.temperature_c,{value:e,unit:t}=b(C,L.hashrate_ths),i=L.chips_working===null?p:o(C,"miner.chips",{working:L.chips_working,expected:L.chips_expected??x});return A`<div class="board">
      <b>${o(C,"miner.board",{number:L.index+1})}</b>
      <span class="number">${e} ${t}</span>
      ${r===null?p:A`<div>${C1(C,{...V,temperature_c:r})}</div>`}
      <small>${i}</small>
    </div>`}past(C){let{story:V}=this,L=p;return V===null?L=this.quiet(C,"miner.story_forbidden"):V?.length===0?L=this.quiet(C,"miner.story_none"):V!==void 0&&(L=A`<ol class="story">
        ${V.map(r=>this.chapter(C,r))}
      </ol>`),A`<section class="panel" aria-label=${o(C,"miner.story")}>
      <h2>${o(C,"miner.story")}</h2>
      ${L}
    </section>`}quiet(C,V){return A`<div class="quiet">${o(C,V)}</div>`}chapter(C,V){let L=o(C,"miner.evidence",{seq:V.seq});return A`<li class=${V.tone}>
      ${V.title}
      <small>${I1(C,V.at_ms)}${V.reason?` · ${V.reason}`:""} · ${L}</small>
    </li>`}};var w1=class extends HTMLElement{static{this.registryDependencies=[]}static generate(H,C){let V=H.operator_id?{operator_id:H.operator_id}:{},L=(t,i,d,m={})=>({title:o(C,t==="fleet"?"view.fleet":"view.miner"),path:t,icon:i,type:"panel",cards:[d],...m}),r={type:"custom:aiep-miner-fleet",details_path:"miner",...V},e={type:"custom:aiep-miner-detail"};return Promise.resolve({views:[L("fleet","mdi:pickaxe",r),L("miner","mdi:pickaxe",e,{subview:!0}),...H.views??[]]})}static getCreateSuggestions(){return{title:"AIEP Miner",icon:"mdi:pickaxe"}}};v1("aiep-miner-fleet",f1);v1("aiep-miner-detail",k1);v1("ll-strategy-dashboard-aiep-miner",w1);var z5=(M,H)=>M.entities[H]?.platform==="aiep_miner";(window.customStrategies??=[]).push({type:"aiep-miner",strategyType:"dashboard",name:"AIEP Miner",description:E["add.description"],documentationURL:"https://github.com/aiep-miner/aiep-miner/blob/main/docs/dashboard.md"});(window.customCards??=[]).push({type:"aiep-miner-fleet",name:"AIEP Miner: fleet",description:E["card.fleet"],preview:!0,getEntitySuggestion:(M,H)=>z5(M,H)?{config:{type:"custom:aiep-miner-fleet"}}:null},{type:"aiep-miner-detail",name:"AIEP Miner: miner",description:E["card.miner"],preview:!0});
